//! A load generator's browser: one connection that is kept, cookies, and the hidden fields of forms.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// One connection to the server.
pub struct Client {
    address: String,
    stream: Option<BufReader<TcpStream>>,
    cookies: BTreeMap<String, String>,
}

pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Client {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, cookies: BTreeMap::new() }
    }

    /// A further connection of the same visitor.
    pub fn again(&self) -> Self {
        Self { address: self.address.clone(), stream: None, cookies: self.cookies.clone() }
    }

    pub fn get(&mut self, path: &str) -> Result<Reply, String> {
        self.request("GET", path, "")
    }

    /// Sends a form as browsers do.
    pub fn post(&mut self, path: &str, fields: &[(String, String)]) -> Result<Reply, String> {
        let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
        let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        self.request("POST", path, &body)
    }

    fn request(&mut self, method: &str, path: &str, body: &str) -> Result<Reply, String> {
        let cookies = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n", self.address);
        if !cookies.is_empty() {
            head.push_str(&format!("Cookie: {cookies}\r\n"));
        }
        if method == "POST" {
            let length = body.len();
            head.push_str(&format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"));
        }
        let message = format!("{head}\r\n{body}");
        // A kept connection may have been closed meanwhile: once, a new one is tried.
        let kept = self.stream.is_some();
        match self.exchange(&message) {
            Err(_) if kept && method == "GET" => {
                self.stream = None;
                self.exchange(&message)
            }
            reply => reply,
        }
        .map_err(|e| format!("{method} {path}: {e}"))
    }

    fn exchange(&mut self, message: &str) -> std::io::Result<Reply> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                none.insert(BufReader::new(stream))
            }
        };
        stream.get_mut().write_all(message.as_bytes())?;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other("no answer"))?;
        let (mut length, mut close) = (0, false);
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap_or(0),
                "connection" => close = value.eq_ignore_ascii_case("close"),
                "set-cookie" => {
                    let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                    self.cookies.extend(pair.map(|(n, v)| (n.to_owned(), v.to_owned())));
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        if close {
            self.stream = None;
        }
        Ok(Reply { status, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl Reply {
    /// Names and values of the hidden fields of the form that is sent to `action`.
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let Some((_, form)) = self.body.split_once(&format!("action=\"{action}\"")) else { return Vec::new() };
        let form = form.split("</form>").next().unwrap_or_default();
        let hidden = form.split("<input").skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
        let hidden = hidden.filter(|tag| tag.contains("type=\"hidden\""));
        hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))).collect()
    }

    /// Addresses of links that begin in a certain way, in order.
    pub fn links(&self, begin: &str) -> Vec<String> {
        let wanted = format!("href=\"{begin}");
        let links = self.body.split(&wanted).skip(1).filter_map(|rest| rest.split('"').next());
        links.map(|rest| format!("{begin}{rest}")).collect()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn encode(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::{Reply, encode};

    #[test]
    fn finds_hidden_fields_of_one_form_and_links() {
        let body = "<form action=\"/a\"><input type=\"hidden\" name=\"x\" value=\"1\"></form>\
            <form action=\"/b\"><input type=\"hidden\" name=\"钥\" value=\"&amp;2\"><input name=\"z\"></form>\
            <a href=\"/case/DB1\">甲</a><a href=\"/other\">乙</a>";
        let reply = Reply { status: 200, body: body.to_owned() };
        assert_eq!(reply.hidden("/b"), [("钥".to_owned(), "&2".to_owned())]);
        assert_eq!(reply.links("/case/"), ["/case/DB1"]);
        assert_eq!(encode("a 中"), "a%20%E4%B8%AD");
    }
}
