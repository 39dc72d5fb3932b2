//! Where RabbitMQ is, who we are there, and what our queues are called: the URL, read.

use std::fmt;

use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use percent_encoding::percent_decode_str;
use protocol::queue::{Line, QueueError};
use url::Url;

/// What the queues' names begin with where the URL does not say.
const PREFIX: &str = "orgsweep";

/// The longest prefix, in bytes: AMQP's names have 255.
const LONGEST_PREFIX: usize = 200;

/// How often, in seconds, either side must hear of the other; after twice that it is gone.
const HEARTBEAT: u16 = 20;

/// The largest frame, in bytes: lapin holds room for dozens in each direction, and pages take a few anyway.
const FRAME: u32 = 32 << 10;

/// A URL `amqp://USER:PASSWORD@HOST:PORT/VHOST?prefix=PREFIX`, read. What is shown of it is
/// without its password.
#[derive(Clone)]
pub(super) struct Address {
    uri: AMQPUri,
    prefix: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`QueueError::Refused`] with what is wrong, never with the URL.
    pub(super) fn read(url: &str) -> Result<Self, QueueError> {
        let url = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        let scheme = match url.scheme() {
            "amqp" => AMQPScheme::AMQP,
            "amqps" => AMQPScheme::AMQPS,
            _ => return Err(wrong("its scheme is another")),
        };
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| wrong("it has no host"))?;
        let user = |text: &str| match text {
            "" => Ok("guest".to_owned()),
            text => decoded(text),
        };
        let mut prefix = PREFIX.to_owned();
        for (key, value) in url.query_pairs() {
            match &*key {
                "prefix" => prefix = checked_prefix(&value)?,
                _ => return Err(wrong(&format!("it knows no setting {key:?}"))),
            }
        }
        // A URL that ends after the host's slash means the default host, whatever AMQP says.
        let vhost = match url.path().trim_start_matches('/') {
            "" => "/".to_owned(),
            path => decoded(path)?,
        };
        let authority = AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: user(url.username())?,
                password: user(url.password().unwrap_or_default())?,
            },
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or_else(|| scheme.default_port()),
        };
        let query = AMQPQueryString {
            heartbeat: Some(HEARTBEAT),
            frame_max: Some(FRAME),
            ..AMQPQueryString::default()
        };
        Ok(Self { uri: AMQPUri { scheme, authority, vhost, query }, prefix })
    }

    /// What lapin connects to; holds the password.
    pub(super) fn uri(&self) -> AMQPUri {
        self.uri.clone()
    }

    /// Who we are there.
    pub(super) fn user(&self) -> &str {
        &self.uri.authority.userinfo.username
    }

    /// The virtual host that our queues are in.
    pub(super) fn vhost(&self) -> &str {
        &self.uri.vhost
    }

    /// What the queue of a line is called.
    pub(super) fn queue(&self, line: Line) -> String {
        format!("{}.{line}", self.prefix)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RabbitMQ at {}:{}", self.uri.authority.host, self.uri.authority.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} as {:?} in {:?}, prefix {:?}", self.user(), self.vhost(), self.prefix)
    }
}

fn decoded(text: &str) -> Result<String, QueueError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| wrong("a part of it is not UTF-8"))
}

fn checked_prefix(prefix: &str) -> Result<String, QueueError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(fits) {
        return Err(wrong(&format!(
            "its prefix is not 1 to {LONGEST_PREFIX} letters, digits, dots, dashes and underscores"
        )));
    }
    Ok(prefix.to_owned())
}

fn wrong(why: &str) -> QueueError {
    QueueError::Refused(format!(
        "--queue is no address of RabbitMQ ({why}): it is amqp://USER:PASSWORD@HOST:PORT/VHOST?prefix=PREFIX, \
         or amqps:// with TLS"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_url_can_say_is_read() {
        let address = Address::read("amqps://a%40b:p%2Fw@[::1]:5999/v%2fh?prefix=my.team").unwrap();
        assert_eq!(address.uri.scheme, AMQPScheme::AMQPS);
        assert_eq!(address.uri.authority.host, "::1");
        assert_eq!(address.uri.authority.port, 5999);
        assert_eq!(address.uri.authority.userinfo.password, "p/w");
        assert_eq!((address.user(), address.vhost()), ("a@b", "v/h"));
        assert_eq!(address.queue(Line::Tasks), "my.team.tasks");
    }

    #[test]
    fn what_a_url_leaves_out_is_what_rabbitmq_starts_with() {
        for url in ["amqp://localhost", "amqp://localhost/", "amqp://localhost:5672/%2f"] {
            let address = Address::read(url).unwrap();
            assert_eq!((address.user(), address.vhost()), ("guest", "/"));
            assert_eq!(address.uri.authority.port, 5672);
            assert_eq!(address.queue(Line::Parked), "orgsweep.parked");
        }
        assert_eq!(Address::read("amqps://h").unwrap().uri.authority.port, 5671);
    }

    #[test]
    fn a_wrong_url_is_refused_without_its_password() {
        for url in [
            "amqp:user:secret@host",
            "amqp://user:secret@",
            "amqp://user:secret@host:port/",
            "amqp://user:secret@host/?prefix=",
            "amqp://user:secret@host/?prefix=a%20b",
            "amqp://user:secret@host/?heartbeat=1",
            "amqp://user:secret@host/%ff",
            "http://user:secret@host/",
        ] {
            let Err(QueueError::Refused(told)) = Address::read(url) else {
                panic!("{url} was read")
            };
            assert!(told.contains("--queue") && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let address = Address::read("amqp://user:secret@host/vhost").unwrap();
        assert_eq!(address.to_string(), "RabbitMQ at host:5672");
        assert!(!format!("{address:?}").contains("secret"));
    }
}
