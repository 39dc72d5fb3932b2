//! Something that listens where PostgreSQL is expected, and is not what it should be.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::schema::server;

/// What it does with a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// Refuses with this code and message.
    Refuse(&'static str, &'static str),
    /// Answers in another protocol.
    Babble,
    /// Closes every connection, as a way to a server that is away does.
    HangUp,
    /// Leads to the real server.
    Lead,
}

/// Listens on a free port, with one manner for each connection and the last for all after; returns the port.
pub(crate) async fn listen(manners: &'static [Manner]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut manners = manners.iter().copied();
        let mut manner = manners.next().expect("a manner");
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, manner));
            manner = manners.next().unwrap_or(manner);
        }
    });
    port
}

async fn serve(mut client: TcpStream, manner: Manner) -> std::io::Result<()> {
    match manner {
        Manner::Refuse(code, message) => {
            // It asks for TLS, hears no, and says who it is.
            hear(&mut client).await?;
            client.write_all(b"N").await?;
            hear(&mut client).await?;
            let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
            let length = u32::try_from(fields.len() + 4).expect("short");
            client.write_all(b"E").await?;
            client.write_all(&length.to_be_bytes()).await?;
            client.write_all(fields.as_bytes()).await
        }
        Manner::Babble => {
            hear(&mut client).await?;
            client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await
        }
        Manner::HangUp => hear(&mut client).await.map(|_| ()),
        Manner::Lead => {
            let real = PgConnectOptions::from_str(&server()).expect("a URL");
            let mut real = TcpStream::connect((real.get_host(), real.get_port())).await?;
            copy_bidirectional(&mut client, &mut real).await.map(|_| ())
        }
    }
}

/// Hears a message of the beginning: its length, then the rest.
async fn hear(client: &mut TcpStream) -> std::io::Result<()> {
    let length = client.read_u32().await?;
    let mut rest = vec![0; usize::try_from(length).expect("short").saturating_sub(4)];
    client.read_exact(&mut rest).await.map(|_| ())
}
