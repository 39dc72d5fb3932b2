//! Things that were seen, and the documents that are kept of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use protocol::cell::CellKey;
use protocol::failure::cut;
use protocol::object::Object;
use protocol::store::StoreError;
use protocol::{Cell, Region, ScanId};
use sha2::{Digest, Sha256};

use crate::database::{Bind, Hold, binds, storable};
use crate::many::Rows;
use crate::port::Open;
use crate::record::json;

const INSERT: &str = "
insert into resources (
    scan_id, account_id, region, probe, kind, resource_id, parent, home_region, own, attributes, round,
    call_number)
values :rows
on conflict (scan_id, account_id, region, probe, kind, resource_id) do update set
    parent = excluded.parent, home_region = excluded.home_region, own = excluded.own,
    attributes = excluded.attributes, round = excluded.round, call_number = excluded.call_number
where (excluded.round, excluded.call_number) >= (resources.round, resources.call_number)";

const INSERT_DOCUMENTS: &str = "
insert into documents (digest, body)
values :rows
on conflict (digest) do nothing";

const LINK_DOCUMENTS: &str = "
insert into resource_documents (
    scan_id, account_id, region, probe, kind, resource_id, name, digest, round)
values :rows
on conflict (scan_id, account_id, region, probe, kind, resource_id, name) do update set
    digest = excluded.digest, round = excluded.round";

const FORGET: &str = "
delete from resources
where round < ? and (scan_id, account_id, region, probe) in (select * from (values :rows) as keys)";

const FORGET_LINKS: &str = "
delete from resource_documents
where round < ? and (scan_id, account_id, region, probe) in (select * from (values :rows) as keys)";

/// The longest id that is kept whole, in bytes: an entry of PostgreSQL's index has room for 2,704, the rest of the key
/// among them.
const LONGEST_ID: usize = 1024;

/// Things that a call of a cell saw.
pub(crate) struct Seen<'a> {
    pub(crate) cell: &'a CellKey,
    /// Which of its probe's calls, from 0.
    pub(crate) call: u32,
    pub(crate) objects: &'a [Object],
}

impl Open<'_> {
    /// Writes things of a round. Of what is said of a thing, the probe's last call counts, however late or often
    /// the others come.
    pub(crate) async fn write_objects(
        &mut self,
        id: &ScanId,
        round: u32,
        seen: &[Seen<'_>],
    ) -> Result<(), StoreError> {
        let mut latest: HashMap<(&CellKey, &str, Cow<'_, str>), (u32, &Object)> = HashMap::new();
        for Seen { cell, call, objects } in seen {
            for object in *objects {
                let known =
                    latest.entry((cell, &object.kind, kept_id(&object.id))).or_insert((0, object));
                if *call >= known.0 {
                    *known = (*call, object);
                }
            }
        }
        let mut rows = Rows::new(12);
        let mut links = Rows::new(9);
        // In order, so that two transactions that write the same ones wait for each other, not for both.
        let mut documents: BTreeMap<String, &str> = BTreeMap::new();
        for ((cell, kind, name), (call, object)) in latest {
            let key = binds![id, &cell.account, &cell.region, &cell.probe, kind, &*name];
            for (document, body) in &object.documents {
                let digest = digest_of(body);
                links.push(key.iter().cloned().chain(binds![
                    document.as_str(),
                    digest.as_str(),
                    round
                ]));
                documents.insert(digest, body);
            }
            rows.push(key.into_iter().chain(record(object, round, call)?));
        }
        self.execute_many(INSERT, [], rows).await?;
        self.write_documents(documents).await?;
        self.execute_many(LINK_DOCUMENTS, [], links).await?;
        Ok(())
    }

    /// Keeps whole documents by their digests; whoever names them does so in this transaction.
    pub(crate) async fn write_documents(
        &mut self,
        documents: BTreeMap<String, &str>,
    ) -> Result<(), StoreError> {
        let mut bodies = Rows::new(2);
        for (digest, body) in documents {
            bodies.push(binds![digest, body]);
        }
        if bodies.len() > 0 {
            self.documents_gate(Hold::Together).await?;
        }
        self.execute_many(INSERT_DOCUMENTS, [], bodies).await?;
        Ok(())
    }

    /// Forgets what earlier rounds saw, now that a later one has answered; the cells are of one round.
    pub(crate) async fn forget_objects<'c>(
        &mut self,
        id: &ScanId,
        answered: impl Iterator<Item = &'c Cell> + Send,
    ) -> Result<(), StoreError> {
        let mut rows = Rows::new(4);
        let mut round = 0;
        for cell in answered {
            rows.push_cell(id, &cell.key);
            round = cell.round;
        }
        let lead = binds![round];
        self.execute_many(FORGET, lead.clone(), rows.again()).await?;
        self.execute_many(FORGET_LINKS, lead, rows).await?;
        Ok(())
    }
}

/// An id as it is kept: as the databases take it, and if it is long its beginning with what tells it from others. Two that
/// are kept as one are one from here on.
fn kept_id(id: &str) -> Cow<'_, str> {
    if id.len() <= LONGEST_ID && !id.contains('\0') {
        return id.into();
    }
    let id = storable(id);
    if id.len() <= LONGEST_ID {
        return id;
    }
    let digest = digest_of(&id);
    let tail = format!("…{}", &digest[..16]);
    format!("{}{tail}", cut(&id, LONGEST_ID - tail.len())).into()
}

fn record(object: &Object, round: u32, call: u32) -> Result<[Bind; 6], StoreError> {
    Ok(binds![
        object.parent.as_deref(),
        object.home.as_ref().map(Region::as_str),
        object.own,
        json(&object.attributes)?,
        round,
        call,
    ])
}

/// The name of a text, made of its bytes: 64 hexadecimal digits.
pub(crate) fn digest_of(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
