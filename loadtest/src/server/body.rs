//! Bodies of replies: whole, or cut in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// A body.
pub(super) struct Body {
    rest: Bytes,
    /// The length that is promised.
    length: u64,
    cut: bool,
}

/// The body ends before its promised length.
#[derive(Debug, thiserror::Error)]
#[error("the stand-in cuts this body on purpose")]
pub(super) struct CutShort;

impl Body {
    pub(super) const fn whole(bytes: Bytes) -> Self {
        let length = bytes.len() as u64;
        Self { rest: bytes, length, cut: false }
    }

    /// A body that promises all of these bytes and sends half.
    pub(super) fn cut(bytes: Bytes) -> Self {
        let length = bytes.len() as u64;
        Self { rest: bytes.slice(..bytes.len() / 2), length, cut: true }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        Poll::Ready(self.cut.then_some(Err(CutShort)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
