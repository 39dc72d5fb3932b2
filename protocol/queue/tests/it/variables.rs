//! Where the servers are that tests talk to.

/// The URL that a variable names.
#[expect(clippy::disallowed_methods, reason = "the test's servers are named by variables")]
pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names no server: run `cargo xtask test`"))
}

/// A name that nothing else on the server has.
pub(crate) fn fresh_name() -> String {
    format!("test-{}", uuid::Uuid::now_v7().simple())
}
