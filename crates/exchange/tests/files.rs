//! Files as banks have them: what goes out comes back the same, and nothing that comes in is believed by halves.

use base::{Date, Fen};
use exchange::{
    Batch, Column, Content, Debtor, Encoding, Format, Message, Outcome, Payment, Reply, Shape, Side, Verdict, pain_001,
    read_message,
};
use proptest::prelude::*;

fn column(content: Content, width: usize, side: Side, fill: u8) -> Column {
    let name = Content::WORDS.iter().find(|(_, known)| *known == content).map_or("定值", |(word, _)| word);
    Column { name: name.to_owned(), content, width, side, fill }
}

fn format(shape: Shape, encoding: Encoding) -> Format {
    let left = |content, width| column(content, width, Side::Left, b' ');
    let right = |content, width| column(content, width, Side::Right, b'0');
    let counted = || vec![left(Content::Batch, 20), right(Content::Count, 6), right(Content::TotalFen, 14)];
    Format {
        key: "toy".into(),
        name: "示例银行".into(),
        bank: "示例银行".into(),
        shape,
        encoding,
        line_end: "\r\n".into(),
        out: [
            counted(),
            vec![
                left(Content::Id, 35),
                left(Content::Account, 24),
                left(Content::Payee, 40),
                right(Content::Fen, 12),
                left(Content::Purpose, 30),
            ],
            Vec::new(),
        ],
        back: [counted(), vec![left(Content::Id, 35), right(Content::Fen, 12), left(Content::Result, 4)], Vec::new()],
        verdicts: vec![
            Verdict { code: "00".into(), result: Outcome::Paid, reason: String::new() },
            Verdict { code: "12".into(), result: Outcome::Failed, reason: "name_mismatch".into() },
        ],
    }
}

fn payment(place: usize, payee: &str, fen: i64) -> Payment {
    let (id, account) = (format!("RUN-{place:07}-1"), format!("6217000{place:09}"));
    let (payee, bank, purpose) = (payee.to_owned(), "示例银行".to_owned(), "低保金2026年10月".to_owned());
    Payment { id, payee, account, bank, amount: Fen(fen), purpose }
}

fn batch() -> Batch {
    let payments = vec![payment(1, "张三", 42_500), payment(2, "欧阳𬭚", 50_001)];
    Batch { id: "RUN1".into(), message: "RUN1-1".into(), day: Date::constant(2026, 10, 8), payments }
}

/// What a bank would send back: the head of the file, and each payment with a code.
fn back(format: &Format, batch: &Batch, code: &str) -> Vec<u8> {
    let as_sent = Format { out: format.back.clone(), ..format.clone() };
    let with_code = |column: &Column| match column.content {
        Content::Result => Column { content: Content::Always(code.to_owned()), ..column.clone() },
        _ => column.clone(),
    };
    let [first, middle, last] = as_sent.out.clone();
    let out = [first, middle.iter().map(with_code).collect(), last];
    Format { out, ..as_sent }.write(batch).unwrap()
}

const SHAPES: [(Shape, Encoding); 4] = [
    (Shape::Fixed, Encoding::Gb18030),
    (Shape::Delimited('|'), Encoding::Gb18030),
    (Shape::Delimited(','), Encoding::Utf8),
    (Shape::Sheet, Encoding::Utf8),
];

#[test]
fn every_shape_comes_back_as_it_went_out() {
    for (shape, encoding) in SHAPES {
        let format = format(shape, encoding);
        assert!(!format.write(&batch()).unwrap().is_empty());
        let replies = format.read(&back(&format, &batch(), "12")).unwrap();
        assert_eq!(replies.len(), 2, "{format:?}");
        let expected = Reply {
            id: "RUN-0000001-1".into(),
            result: Outcome::Failed,
            reason: "name_mismatch".into(),
            amount: Some(Fen(42_500)),
        };
        assert_eq!(replies[0], expected);
        let unknown = format.read(&back(&format, &batch(), "77")).unwrap();
        assert_eq!((unknown[0].result, &*unknown[0].reason), (Outcome::Unknown, "77"), "not declared is not a no");
    }
}

#[test]
fn widths_are_bytes_and_what_does_not_fit_is_refused() {
    let fixed = format(Shape::Fixed, Encoding::Gbk);
    let refused = fixed.write(&batch()).unwrap_err();
    assert!(refused.to_string().contains("没有的字"), "GBK does not have 𬭚: {refused}");
    let fixed = format(Shape::Fixed, Encoding::Gb18030);
    let bytes = fixed.write(&batch()).unwrap();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines[1].len(), 35 + 24 + 40 + 12 + 30 + 1);
    let long = Batch { payments: vec![payment(1, &"长".repeat(21), 1)], ..batch() };
    assert!(fixed.write(&long).unwrap_err().to_string().contains("40 个字节"));
    let broken = Batch { payments: vec![payment(1, "张|三", 1)], ..batch() };
    assert!(format(Shape::Delimited('|'), Encoding::Utf8).write(&broken).is_err(), "a separator within a name");
}

#[test]
fn half_a_file_is_no_file() {
    for (shape, encoding) in SHAPES.into_iter().filter(|(shape, _)| *shape != Shape::Sheet) {
        let format = format(shape, encoding);
        let whole = back(&format, &batch(), "00");
        assert_eq!(format.read(&whole).unwrap().len(), 2);
        for cut in 0..whole.len() - 2 {
            assert!(format.read(&whole[..cut]).is_err(), "{cut} of {} bytes, {:?}", whole.len(), format.shape);
        }
        let one_less = Batch { payments: batch().payments[..1].to_vec(), ..batch() };
        let mut short = back(&format, &one_less, "00");
        let head = back(&format, &batch(), "00").split(|byte| *byte == b'\n').next().unwrap().to_vec();
        let end = short.iter().position(|byte| *byte == b'\n').unwrap();
        short.splice(..end, head);
        assert!(format.read(&short).unwrap_err().to_string().contains("文件不完整"));
    }
}

#[test]
fn a_message_goes_out_and_messages_of_banks_come_in() {
    let debtor = Debtor { name: "示例局".into(), account: "1001".into(), bank: "示例银行".into() };
    let xml = pain_001(&batch(), &debtor, "2026-10-08T10:00:00".parse().unwrap()).unwrap();
    let text = String::from_utf8(xml).unwrap();
    assert!(text.contains("<EndToEndId>RUN-0000002-1</EndToEndId>") && text.contains("<CtrlSum>925.01</CtrlSum>"));
    let status = r#"<?xml version="1.0"?><Document><CstmrPmtStsRpt><OrgnlPmtInfAndSts>
        <TxInfAndSts><OrgnlEndToEndId>A</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>
        <TxInfAndSts><OrgnlEndToEndId>B &amp; C</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts>
        <TxInfAndSts><OrgnlEndToEndId>D</OrgnlEndToEndId><TxSts>PDNG</TxSts></TxInfAndSts>
        </OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"#;
    let Message::Replies(replies) = read_message(status.as_bytes()).unwrap() else { panic!("not replies") };
    let told: Vec<_> = replies.iter().map(|reply| (&*reply.id, reply.result, &*reply.reason)).collect();
    assert_eq!(told, [("A", Outcome::Paid, ""), ("B & C", Outcome::Failed, "closed"), ("D", Outcome::Unknown, "")]);
    for cut in 0..status.len() - 1 {
        assert!(read_message(&status.as_bytes()[..cut]).is_err(), "{cut} bytes");
    }
    let statement = r#"<Document><BkToCstmrStmt><Stmt><Id>S1</Id>
        <Ntry><Amt Ccy="CNY">925.01</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>R1</AcctSvcrRef>
        <NtryDtls><Btch><PmtInfId>RUN1</PmtInfId></Btch></NtryDtls></Ntry>
        <Ntry><Amt Ccy="CNY">425.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
        <NtryDtls><TxDtls><Refs><EndToEndId>A</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
        <Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts></Ntry></Stmt></BkToCstmrStmt></Document>"#;
    let Message::Statement(entries) = read_message(statement.as_bytes()).unwrap() else { panic!("no statement") };
    let told: Vec<_> =
        entries.iter().map(|entry| (&*entry.reference, entry.amount.0, entry.batch.as_deref())).collect();
    assert_eq!(told, [("R1", 92_501, Some("RUN1")), ("S1#2", -42_500, None)]);
    assert!(read_message(b"<!DOCTYPE x [<!ENTITY a 'b'>]><Document/>").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_comes_in_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_message(&bytes);
        for (shape, encoding) in SHAPES {
            let _ = format(shape, encoding).read(&bytes);
        }
    }

    #[test]
    fn messages_with_anything_in_them_panic_nowhere(pieces in prop::collection::vec(0..14usize, 0..30)) {
        const PIECES: [&str; 14] = ["<Document>", "</Document>", "<CstmrPmtStsRpt>", "</CstmrPmtStsRpt>", "<TxInf>", "</TxInf>",
            "<Amt>", "1.2.3", "</Amt>", "<PmtRtr>", "</PmtRtr>", "&lt;", "&#x110000;", "<a/>"];
        let text: String = pieces.into_iter().map(|place| PIECES[place]).collect();
        let _ = read_message(text.as_bytes());
    }
}
