//! The interface over HTTP, over a real listener.
