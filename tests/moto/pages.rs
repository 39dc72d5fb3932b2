//! Lists that are longer than a page are read to their end.

use catalog::Catalog;

use crate::server::{ACCOUNT, Moto};
use crate::sweep::Sweep;
use crate::truth::{read, status};

#[test]
fn every_page_of_a_long_list_is_read() {
    let moto = Moto::start();
    let truth = read(&moto.seed("pages.py", &[])["truth"]);
    let catalog = Catalog::embedded().unwrap();
    let services = "dynamodb,sns,logs,ssm,events,kms,route53,scheduler,ec2";
    let sweep = Sweep::of(&moto);
    let cells = sweep.scan(&["--service", services, "--region", "us-west-2", "--resources", "all"]);
    let found = sweep.own_ids();
    for ((probe, region), made) in truth.iter().filter(|((probe, _), _)| services.contains(probe)) {
        let cell = cells.get(ACCOUNT, region, probe);
        assert_eq!(cell.status, status(&catalog, probe, made), "{cell:?}");
        assert_eq!(cell.count, u64::try_from(made.ids.len()).unwrap(), "{cell:?}");
        let key = (ACCOUNT.to_owned(), region.clone(), probe.clone());
        assert_eq!(found.get(&key), Some(&made.ids), "{probe}");
        assert!(cell.calls > 1, "{cell:?}");
        assert!(cell.is_exact || probe == "ssm", "moto answers all of it: {cell:?}");
    }
}
