//! `demo`: a synthetic organization on a stand-in for AWS, scanned by the very code that scans AWS.

use std::path::Path;
use std::time::Duration;

use aws::{Options, StaticKeys};
use catalog::Catalog;
use loadtest::{Latency, Manner, Organization, Running, Shape, World};
use protocol::Region;
use protocol::scan::{Access, Pace, Settings};
use protocol::selection::Selection;
use store::Access as StoreAccess;
use tokio::net::TcpListener;

use crate::args::{Demo, Listing, Output};
use crate::command::scan::{Folder, run};
use crate::local::House;
use crate::output::print_text;
use crate::stop::{Exit, Stop};

/// Makes an organization, plays it on a free loopback port, scans it and reports. Nothing is read
/// from the environment, and nothing but that port is called.
pub(crate) async fn demo(args: Demo) -> Result<Exit, Stop> {
    let out = Folder::check(Some(&args.out))?;
    let catalog = Catalog::embedded().map_err(Stop::failed)?;
    let stand_in = stand_in(&args, &catalog).await?;
    if !args.show.quiet {
        print_text(&format!(
            "a synthetic organization of {} accounts (seed {}) on a stand-in for AWS at {}\n",
            args.accounts,
            args.seed,
            stand_in.endpoint(),
        ))?;
    }
    let store_url = format!("sqlite:{}", args.out.join("demo.sqlite").display());
    let house = House {
        store: store::connect(&store_url, StoreAccess::Run).await?,
        store_url: store_url.clone(),
        catalog,
        options: options(&stand_in),
        queue_url: "memory:".to_owned(),
        budgets_url: "memory:".to_owned(),
        show: args.show,
    };
    let id = house.create(settings()?).await?;
    let output = Output {
        out: Some(args.out.clone()),
        format: Listing::Table,
        redact: false,
        show: args.show,
    };
    let exit = run(&house, &id, out, &output).await?;
    stand_in.shutdown().await;
    if !args.show.quiet {
        print_text(&end(&args.out, &store_url))?;
    }
    Ok(exit)
}

async fn stand_in(args: &Demo, catalog: &Catalog) -> Result<Running, Stop> {
    let shape = Shape {
        accounts: args.accounts,
        seed: args.seed,
        member_role: Access::default().member_role,
        ..Shape::default()
    };
    let world = World::new(Organization::new(shape), catalog.clone());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| {
        Stop::failed(format!("no loopback port can be opened for the stand-in: {error}"))
    })?;
    let latency = Latency::Fixed(Duration::from_millis(5));
    let manner = Manner { latency, hang: Duration::from_secs(5), ..Manner::default() };
    loadtest::serve(world, listener, manner).map_err(Stop::failed)
}

/// How to reach the stand-in, and nothing else.
fn options(stand_in: &Running) -> Options {
    let keys = stand_in.keys();
    Options {
        endpoint_url: Some(stand_in.endpoint()),
        loopback_only: true,
        region: Some("us-east-1".to_owned()),
        credentials: Some(StaticKeys {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            session_token: None,
        }),
        ..Options::default()
    }
}

/// The regions that the demo looks at: enough to see, some of them only by opting in.
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "eu-north-1",
    "ap-southeast-1",
    "ap-northeast-1",
    "af-south-1",
    "ap-east-1",
    "eu-south-1",
    "me-south-1",
];

/// The settings of the demo: as in earnest, but the stand-in's buckets are all ours.
fn settings() -> Result<Settings, Stop> {
    let pace = Pace { budget_share: 90, call_timeout_ms: 2_000, ..Pace::default() };
    let regions: Result<Vec<Region>, _> = REGIONS.iter().map(Region::new).collect();
    let selection = Selection { regions: regions.map_err(Stop::failed)?, ..Selection::default() };
    Ok(Settings { pace, selection, ..Settings::default() })
}

fn end(out: &Path, store_url: &str) -> String {
    let page = out.join("latest").join("enablement.html");
    format!("\nopen {}\nmore:  orgsweep report --store {store_url}\n", page.display())
}
