//! Server-sent events, read from pieces as they come.

/// The largest event that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// What kind of event it is.
    pub(super) name: String,
    /// What it says.
    pub(super) data: String,
}

/// Makes events of pieces.
#[derive(Debug, Default)]
pub(super) struct Reader {
    line: Vec<u8>,
    name: String,
    data: String,
}

impl Reader {
    /// Takes a piece; the events that it completes.
    ///
    /// # Errors
    /// When an event is larger than any that a coordinator sends.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<Event>, &'static str> {
        let mut events = Vec::new();
        for byte in piece {
            if *byte != b'\n' {
                self.line.push(*byte);
                if self.line.len() + self.data.len() > LARGEST {
                    return Err("an event is larger than any that a coordinator sends");
                }
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).trim_end_matches('\r').to_owned();
            self.line.clear();
            if line.is_empty() {
                let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
                if !data.is_empty() {
                    events.push(Event { name, data });
                }
                continue;
            }
            // A line that begins with a colon shows that the stream lives.
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.name),
                "data" if self.data.is_empty() => value.clone_into(&mut self.data),
                "data" => self.data = format!("{}\n{value}", self.data),
                _ => {}
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": still here\n\nretry: 3000\nevent: progress\ndata: {\"a\":\ndata: 1}\n\nevent: end\r\ndata: {}\r\n\r\n";

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let wanted = vec![event("progress", "{\"a\":\n1}"), event("end", "{}")];
        for size in 1..STREAM.len() {
            let mut reader = Reader::default();
            let mut got = Vec::new();
            for piece in STREAM.as_bytes().chunks(size) {
                got.extend(reader.take(piece).unwrap());
            }
            assert_eq!(got, wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; LARGEST / 2];
        assert!(reader.take(&piece).is_ok());
        assert!(reader.take(&piece).is_ok());
        assert!(reader.take(&piece).is_err());
    }
}
