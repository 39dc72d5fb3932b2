//! Replies in the words of each protocol.

use bytes::Bytes;
use catalog::entry::Wire;

use crate::tree::{json_text, xml_text};
use crate::world::Worded;

/// What is sent back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// How the reply is spoilt, if it is.
    pub(crate) broken: Option<Break>,
}

/// How a reply is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection is cut before a byte is sent.
    Reset,
    /// The connection is cut in the middle of the body.
    Truncated,
    /// Nothing is sent for a long while.
    Hang,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into(), broken: None }
    }

    /// What a gateway answers that has lost the service behind it.
    pub(crate) fn web_page() -> Self {
        let page =
            "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>";
        Self::new(502, "text/html", page)
    }

    /// An error, as the protocol words it.
    pub(crate) fn error(wire: Wire, signing: &str, status: u16, worded: &Worded, id: &str) -> Self {
        let Worded { code, message } = worded;
        let mut reply = match wire {
            Wire::Json10 | Wire::Json11 | Wire::RestJson => {
                let mut body = String::from("{\"__type\":");
                json_text(&mut body, code);
                body.push_str(",\"message\":");
                json_text(&mut body, message);
                body.push('}');
                Self::new(status, content_type(wire), body)
            }
            _ => Self::new(status, content_type(wire), xml_error(wire, signing, worded, id)),
        };
        if wire == Wire::RestJson {
            reply.headers.push(("x-amzn-errortype", code.clone()));
        }
        reply
    }

    /// The members of an answer (JSON whole, XML without a root), as the protocol wraps them.
    pub(crate) fn success(wire: Wire, operation: &str, members: &str, id: &str) -> Self {
        let body = match wire {
            Wire::Json10 | Wire::Json11 | Wire::RestJson => members.to_owned(),
            Wire::Query => format!(
                "<{operation}Response><{operation}Result>{members}</{operation}Result>\
                 <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
            ),
            Wire::Ec2 => format!(
                "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                 <requestId>{id}</requestId>{members}</{operation}Response>"
            ),
            Wire::RestXml => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Result>{members}</{operation}Result>"
            ),
        };
        Self::new(200, content_type(wire), body)
    }
}

const fn content_type(wire: Wire) -> &'static str {
    match wire {
        Wire::Json10 => "application/x-amz-json-1.0",
        Wire::Json11 => "application/x-amz-json-1.1",
        Wire::RestJson => "application/json",
        Wire::Query | Wire::Ec2 => "text/xml;charset=UTF-8",
        Wire::RestXml => "application/xml",
    }
}

fn xml_error(wire: Wire, signing: &str, worded: &Worded, id: &str) -> String {
    let mut error = String::from("<Code>");
    xml_text(&mut error, &worded.code);
    error.push_str("</Code><Message>");
    xml_text(&mut error, &worded.message);
    error.push_str("</Message>");
    match (wire, signing) {
        (Wire::Ec2, _) => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>{error}</Error>\
             </Errors><RequestID>{id}</RequestID></Response>"
        ),
        (Wire::RestXml, "s3") => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{error}<RequestId>{id}</RequestId></Error>"
        ),
        _ => format!(
            "<ErrorResponse><Error><Type>Sender</Type>{error}</Error>\
             <RequestId>{id}</RequestId></ErrorResponse>"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_worded_as_its_protocol_does() {
        let told: Vec<String> = [
            (Wire::Json11, "kms"),
            (Wire::RestJson, "guardduty"),
            (Wire::Query, "iam"),
            (Wire::Ec2, "ec2"),
            (Wire::RestXml, "s3"),
            (Wire::RestXml, "route53"),
        ]
        .map(|(wire, signing)| {
            let worded = Worded::new("Code", "a <b> \"c\"");
            let reply = Reply::error(wire, signing, 400, &worded, "id-1");
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            format!("{} {:?} {body}", reply.content_type, reply.headers)
        })
        .into();
        insta::assert_snapshot!(told.join("\n"));
    }
}
