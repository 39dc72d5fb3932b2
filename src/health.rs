//! Whether a service lives: told on loopback, and asked there by `orgsweep health`, the one program that the image has.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::args::Health;
use crate::stop::{Exit, Stop};

/// How long one who asks may take.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long the answer may take; those who came before are served first.
const ANSWER: Duration = Duration::from_secs(8);
/// The longest question, in bytes, and the longest answer.
const LONGEST: usize = 4096;

/// Listens where it was told to, if it was.
///
/// # Errors
/// A sentence when the address is reached from other machines, or is taken.
pub(crate) async fn listen(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Stop> {
    let Some(address) = address else { return Ok(None) };
    if !address.ip().is_loopback() {
        return Err(Stop::usage(format!(
            "--health: {address} is reached from other machines; name a port of 127.0.0.1 or [::1]"
        )));
    }
    let taken = |error| Stop::usage(format!("--health: {address} cannot be listened on: {error}"));
    TcpListener::bind(address).await.map(Some).map_err(taken)
}

/// Answers everybody who asks, one after the other.
pub(crate) async fn answer(listener: Option<TcpListener>, lives: impl Fn() -> bool) -> Infallible {
    let Some(listener) = listener else { return pending().await };
    loop {
        let told = async {
            let (stream, _) = listener.accept().await?;
            timeout(DEADLINE, tell(stream, &lives)).await?
        };
        if let Err(error) = told.await {
            tracing::debug!(%error, "somebody who asked for the health was not answered");
            // Where nobody can be accepted, the next try fails as quickly.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn tell(mut stream: TcpStream, lives: impl Fn() -> bool) -> std::io::Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") && asked.len() < LONGEST {
        if stream.read_buf(&mut asked).await? == 0 {
            break;
        }
    }
    let (status, body) = match (asked.starts_with(b"GET /healthz "), lives()) {
        (true, true) => ("200 OK", "it lives\n"),
        (true, false) => ("503 Service Unavailable", "its loop does not turn\n"),
        (false, _) => ("404 Not Found", "ask for /healthz\n"),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// `health`: asks a service of this machine whether it lives.
pub(crate) async fn health(args: Health) -> Result<Exit, Stop> {
    let address = args.health;
    let asked = timeout(ANSWER, ask(address)).await;
    let answer = asked.map_err(|_| Stop::failed(format!("{address} does not answer")))?;
    let answer = answer.map_err(|error| Stop::failed(format!("{address}: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 200 ") {
        return Ok(Exit::Known);
    }
    Err(Stop::failed(format!("{address} says: {}", body.trim_end())))
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let question = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST as u64).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(lives: bool) -> Result<Exit, Stop> {
        let any = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listen(any).await.unwrap().unwrap();
        let health = listener.local_addr().unwrap();
        tokio::select! {
            said = super::health(Health { health }) => said,
            never = answer(Some(listener), || lives) => match never {},
        }
    }

    #[tokio::test]
    async fn a_service_says_whether_it_lives() {
        assert_eq!(asked(true).await.unwrap(), Exit::Known);
        let stop = asked(false).await.unwrap_err();
        assert!(stop.message.contains("does not turn"), "{}", stop.message);
    }

    #[tokio::test]
    async fn who_says_nothing_keeps_nobody_else_from_asking() {
        let any = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listen(any).await.unwrap().unwrap();
        let health = listener.local_addr().unwrap();
        let _silent = TcpStream::connect(health).await.unwrap();
        let said = tokio::select! {
            said = super::health(Health { health }) => said,
            never = answer(Some(listener), || true) => match never {},
        };
        assert_eq!(said.unwrap(), Exit::Known);
    }

    #[tokio::test]
    async fn nobody_else_may_ask_and_nobody_there_is_told() {
        let open = listen(Some(SocketAddr::from(([0, 0, 0, 0], 0)))).await;
        assert!(open.unwrap_err().message.contains("127.0.0.1"));
        let listener = listen(Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await.unwrap().unwrap();
        let health = listener.local_addr().unwrap();
        drop(listener);
        let stop = super::health(Health { health }).await.unwrap_err();
        assert!(stop.message.contains(&health.to_string()), "{}", stop.message);
    }
}
