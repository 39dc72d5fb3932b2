//! Traces that cross the queue: a batch's span hangs below the context that its message carries.

use tracing::Span;

/// Hangs a span below a W3C `traceparent`, in builds that can export traces.
#[cfg(feature = "fleet")]
pub(crate) fn adopt(span: &Span, traceparent: Option<&str>) {
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    if let Some(context) = traceparent.and_then(remote::read) {
        // It fails where nothing exports traces, or not this span: then there is nothing to hang.
        span.set_parent(context).ok();
    }
}

/// Hangs a span below a W3C `traceparent`, in builds that can export traces: not this one.
#[cfg(not(feature = "fleet"))]
pub(crate) fn adopt(_: &Span, _: Option<&str>) {}

#[cfg(feature = "fleet")]
mod remote {
    use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
    use opentelemetry::{Context, SpanId, TraceFlags, TraceId};

    /// Reads `00-TRACE-SPAN-FLAGS`; later versions may have more parts behind.
    pub(super) fn read(traceparent: &str) -> Option<Context> {
        let mut parts = traceparent.split('-');
        let mut hex = |digits: usize| {
            let part = parts.next()?;
            let is_hex = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then_some(part)
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let context = SpanContext::new(
            TraceId::from_hex(trace).ok()?,
            SpanId::from_hex(span).ok()?,
            TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
            true,
            TraceState::NONE,
        );
        let valid = version != "ff" && context.is_valid();
        valid.then(|| Context::new().with_remote_span_context(context))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_context_is_read_and_what_is_none_is_not() {
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
            let text = format!("00-{trace}-00f067aa0ba902b7-01");
            let context = read(&text).expect("a context");
            let span = context.span().span_context().clone();
            assert_eq!(span.trace_id().to_string(), trace);
            assert!(span.is_remote() && span.is_sampled());
            for none in
                ["", "00", &text[..54], &text.replace('4', "g"), &text.replace("00-", "ff-")]
            {
                assert!(read(none).is_none(), "{none}");
            }
            assert!(read("00-00000000000000000000000000000000-0000000000000000-01").is_none());
        }
    }
}
