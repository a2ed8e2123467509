//! ISO 20022 as it goes out: pain.001.001.09, a customer's credit transfers.

use base::DateTime;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::{Batch, Unreadable};

/// Who pays, and from which account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debtor {
    pub name: String,
    pub account: String,
    pub bank: String,
}

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

/// Letters of a name, and of an id.
const NAME: usize = 140;
const ID: usize = 35;

/// The message of a batch: one debit, a transfer for each payment.
///
/// # Errors
/// Ids that are longer than the standard has them, or a batch without payments.
pub fn pain_001(batch: &Batch, debtor: &Debtor, at: DateTime) -> Result<Vec<u8>, Unreadable> {
    if batch.payments.is_empty() {
        return Err(Unreadable::one("这一批没有要付的"));
    }
    let ids = batch.payments.iter().map(|payment| &payment.id).chain([&batch.id, &batch.message]);
    if let Some(id) = ids.into_iter().find(|id| id.is_empty() || id.chars().count() > ID) {
        return Err(Unreadable::one(format!("编号“{id}”应当是 1 至 {ID} 个字符")));
    }
    let mut xml = Xml { out: Writer::new(Vec::new()) };
    xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    xml.event(Event::Start(BytesStart::new("Document").with_attributes([("xmlns", NAMESPACE)])));
    xml.within("CstmrCdtTrfInitn", |xml| {
        let (count, total) = (batch.payments.len().to_string(), batch.total().plain());
        xml.within("GrpHdr", |xml| {
            xml.text("MsgId", &batch.message);
            xml.text("CreDtTm", &at.to_string());
            xml.text("NbOfTxs", &count);
            xml.text("CtrlSum", &total);
            xml.within("InitgPty", |xml| xml.name(&debtor.name));
        });
        xml.within("PmtInf", |xml| {
            xml.text("PmtInfId", &batch.id);
            xml.text("PmtMtd", "TRF");
            xml.text("BtchBookg", "true");
            xml.text("NbOfTxs", &count);
            xml.text("CtrlSum", &total);
            xml.within("ReqdExctnDt", |xml| xml.text("Dt", &batch.day.to_string()));
            xml.within("Dbtr", |xml| xml.name(&debtor.name));
            xml.account("DbtrAcct", &debtor.account);
            xml.agent("DbtrAgt", &debtor.bank);
            for payment in &batch.payments {
                xml.within("CdtTrfTxInf", |xml| {
                    xml.within("PmtId", |xml| {
                        xml.text("InstrId", &payment.id);
                        xml.text("EndToEndId", &payment.id);
                    });
                    xml.within("Amt", |xml| {
                        let amount = BytesStart::new("InstdAmt").with_attributes([("Ccy", "CNY")]);
                        xml.event(Event::Start(amount));
                        xml.event(Event::Text(BytesText::new(&payment.amount.plain())));
                        xml.event(Event::End(BytesEnd::new("InstdAmt")));
                    });
                    xml.agent("CdtrAgt", &payment.bank);
                    xml.within("Cdtr", |xml| xml.name(&payment.payee));
                    xml.account("CdtrAcct", &payment.account);
                    xml.within("RmtInf", |xml| xml.text("Ustrd", &cut(&payment.purpose, NAME)));
                });
            }
        });
    });
    xml.event(Event::End(BytesEnd::new("Document")));
    Ok(xml.out.into_inner())
}

/// Writes into memory, which cannot fail.
struct Xml {
    out: Writer<Vec<u8>>,
}

impl Xml {
    fn event(&mut self, event: Event) {
        let _ = self.out.write_event(event);
    }

    fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        inside(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.within(name, |xml| xml.event(Event::Text(BytesText::new(text))));
    }

    fn name(&mut self, name: &str) {
        self.text("Nm", &cut(name, NAME));
    }

    fn account(&mut self, name: &str, account: &str) {
        self.within(name, |xml| xml.within("Id", |xml| xml.within("Othr", |xml| xml.text("Id", account))));
    }

    fn agent(&mut self, name: &str, bank: &str) {
        self.within(name, |xml| xml.within("FinInstnId", |xml| xml.name(bank)));
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
