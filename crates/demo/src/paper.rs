//! Papers of the demo that somebody photographed: one page each, marked as examples.

/// The first page of a passbook.
pub fn passbook(account: &str) -> Vec<u8> {
    let text = format!("BT /F1 24 Tf 60 140 Td (EXAMPLE {account}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 480 300] /Contents 4 0 R \
         /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
    ];
    let mut page = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (place, object) in objects.iter().enumerate() {
        places.push(page.len());
        page += &format!("{} 0 obj\n{object}\nendobj\n", place + 1);
    }
    let table = page.len();
    page += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    places.iter().for_each(|place| page += &format!("{place:010} 00000 n \n"));
    page += &format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    page.into_bytes()
}
