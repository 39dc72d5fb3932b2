//! `stand-in`: plays AWS on loopback until it is interrupted, or prints the truth and ends.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use loadtest::{Latency, Manner, Organization, Shape, Trouble, World};
use tokio::net::TcpListener;

const HELP: &str = "\
stand-in [--accounts N] [--units N] [--seed N] [--listen ADDRESS] [--external-id ID] [--quiet]
         [--latency MS | --latency MS:P99MS] [--no-buckets] [--full] [--verify] [--truth]

  --accounts N      accounts of the organization (40)
  --units N         units of the organization, at least (16)
  --seed N          what the organization is made from (1)
  --listen ADDRESS  where to listen (127.0.0.1:0, a free port)
  --external-id ID  the external id that the member role asks for
  --quiet           nothing goes wrong: no denials, no throttles of its own accord, no faults
  --latency MS      answers take this long; with :P99MS log-normal, MS the median
  --no-buckets      token buckets are counted but not enforced
  --full            answers are as large as AWS's; else they hold what the catalog reads
  --verify          signatures are verified
  --truth           print the truth about every curated cell, one JSON a line, and end
";

struct Options {
    shape: Shape,
    listen: String,
    manner: Manner,
    truth: bool,
}

fn read(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Option<Options>> {
    let mut options = Options {
        shape: Shape::default(),
        listen: "127.0.0.1:0".to_owned(),
        manner: Manner::default(),
        truth: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--accounts" => options.shape.accounts = value()?.parse().context("--accounts")?,
            "--units" => options.shape.units = value()?.parse().context("--units")?,
            "--seed" => options.shape.seed = value()?.parse().context("--seed")?,
            "--listen" => options.listen = value()?,
            "--external-id" => options.shape.external_id = Some(value()?),
            "--quiet" => options.shape.trouble = Trouble::NONE,
            "--latency" => options.manner.latency = latency(&value()?)?,
            "--no-buckets" => options.manner.enforce_buckets = false,
            "--full" => options.manner.full_bodies = true,
            "--verify" => options.manner.verify_signatures = true,
            "--truth" => options.truth = true,
            "--help" | "-h" => return Ok(None),
            other => {
                bail!("there is no option {other}; stand-in --help lists those that there are")
            }
        }
    }
    Ok(Some(options))
}

fn latency(text: &str) -> anyhow::Result<Latency> {
    let milliseconds = |text: &str| {
        let number =
            text.parse().with_context(|| format!("{text} is not a number of milliseconds"));
        number.map(Duration::from_millis)
    };
    Ok(match text.split_once(':') {
        Some((p50, p99)) => Latency::LogNormal { p50: milliseconds(p50)?, p99: milliseconds(p99)? },
        None => Latency::Fixed(milliseconds(text)?),
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let Some(options) = read(std::env::args().skip(1))? else {
        out.write_all(HELP.as_bytes())?;
        return Ok(());
    };
    let catalog = catalog::Catalog::embedded()?;
    let world = World::new(Organization::new(options.shape), catalog);
    if options.truth {
        let lines = loadtest::truth_lines(&world, false).map_err(anyhow::Error::msg)?;
        out.write_all(lines.as_bytes())?;
        return Ok(());
    }
    let listener = TcpListener::bind(&options.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", options.listen))?;
    let running = loadtest::serve(world, listener, options.manner)?;
    let keys = running.keys();
    writeln!(
        out,
        "export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\n\
         export AWS_REGION=us-east-1\n# models of botocore {}; interrupt to stop",
        running.endpoint(),
        keys.access_key_id,
        keys.secret_access_key,
        running.botocore(),
    )?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    let counters = serde_json::to_string_pretty(&running.counters())?;
    running.shutdown().await;
    writeln!(out, "{counters}")?;
    Ok(())
}
