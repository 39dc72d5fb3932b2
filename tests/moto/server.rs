//! A private moto: it lives as long as the test that started it, whichever way that ends.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Keys that an open moto takes, as it takes any.
pub(crate) const KEYS: Keys<'static> = Keys { id: "AKIAIOSFODNN7EXAMPLE", secret: "testing" };

/// The account of keys that moto has not made.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A pair of keys.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
}

/// A server that answers; it ends when its input does, which this holds.
pub(crate) struct Moto {
    child: Child,
    address: String,
}

impl Moto {
    /// Starts one without AWS's own machine images, whose thousand snapshots moto takes for one's
    /// own.
    pub(crate) fn start() -> Self {
        let mut child = python(&["xtask/servers/run_moto.py"])
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "moto does not start: {address:?}");
        Self { child, address }
    }

    /// Its address, as `AWS_ENDPOINT_URL` takes it.
    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    /// Runs a seeding script; what it prints is JSON.
    pub(crate) fn seed(&self, script: &str, args: &[&str]) -> serde_json::Value {
        let path = format!("tests/moto/seed/{script}");
        let said = python(&[path.as_str()])
            .args(args)
            .env("AWS_ENDPOINT_URL", &self.address)
            .env("AWS_ACCESS_KEY_ID", KEYS.id)
            .env("AWS_SECRET_ACCESS_KEY", KEYS.secret)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{script}: {told}");
        serde_json::from_slice(&said.stdout).unwrap()
    }

    /// From here on signatures and permissions are verified.
    pub(crate) fn guard(&self) {
        let host = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let request = format!(
            "POST /moto-api/reset-auth HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
             Content-Length: 1\r\nConnection: close\r\n\r\n0"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended
            && !std::thread::panicking()
        {
            panic!("moto (process {}) cannot be ended: {error}", self.child.id());
        }
    }
}

/// Python with boto3 and moto, in the root of the project.
fn python(args: &[&str]) -> Command {
    let python = std::env::var_os("ORGSWEEP_TEST_PYTHON").filter(|value| !value.is_empty());
    let Some(python) = python.map(absolute) else {
        panic!("these tests need moto, which ORGSWEEP_TEST_PYTHON leads to: cargo xtask test");
    };
    let mut command = Command::new(python);
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn absolute(path: OsString) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
