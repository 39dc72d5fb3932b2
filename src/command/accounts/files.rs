//! A file for each organization: its name, its place in a folder, and its way into a bucket.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws::{Aws, BucketPlace, Encryption, NewObject, Options};
use catalog::Catalog;
use protocol::clock::SystemClock;
use reports::Format;
use reports::accounts::{Listing, Organization};

use super::{beside, failure};
use crate::args::{Accounts, KeyScheme, Sse, Upload};
use crate::command::report::deliver;
use crate::local::say;
use crate::output::print_text;
use crate::settings::outputs;
use crate::stop::Stop;

const CONTENT_TYPE: &str = "text/csv; charset=utf-8";
/// The most characters of an account's name in that of a file.
const LONGEST_NAME: usize = 100;

/// Files that are to be written.
pub(super) struct Files {
    scheme: KeyScheme,
    dir: Option<PathBuf>,
    bucket: Option<(BucketPlace, Encryption)>,
}

/// A file that is made.
struct Made {
    name: String,
    body: Vec<u8>,
    path: Option<PathBuf>,
}

impl Files {
    /// What the flags ask for; nothing where no file for each organization is asked for.
    pub(super) fn wanted(upload: &Upload, out: Option<&Path>) -> Result<Option<Self>, Stop> {
        if upload.upload.is_none() && upload.upload_key.is_none() {
            return Ok(None);
        }
        if upload.upload.is_none() && out.is_none() {
            return Err(Stop::usage(
                "--upload-key names a file for each organization: say where with --out DIR or --upload s3://BUCKET",
            ));
        }
        let encryption = match (upload.upload_sse, upload.upload_kms_key.clone()) {
            (None, _) => Encryption::Buckets,
            (Some(Sse::Aes256), None) => Encryption::Aes256,
            (Some(Sse::Kms), key) => Encryption::Kms(key),
            (Some(Sse::Aes256), Some(_)) => {
                return Err(Stop::usage("--upload-kms-key goes with --upload-sse aws:kms"));
            }
        };
        if let Some(dir) = out {
            std::fs::create_dir_all(dir).map_err(|error| {
                Stop::usage(format!("--out: {} cannot be made: {error}", dir.display()))
            })?;
        }
        Ok(Some(Self {
            scheme: upload.upload_key.unwrap_or(KeyScheme::MetadataReport),
            dir: out.map(Path::to_owned),
            bucket: upload.upload.clone().map(|place| (place, encryption)),
        }))
    }

    /// Writes the files into the folder, then into the bucket; prints where each is.
    pub(super) async fn write(
        &self,
        listing: &Listing<'_>,
        args: &Accounts,
        stamp: &str,
    ) -> Result<(), Stop> {
        let mut all = Vec::new();
        for organization in listing.organizations() {
            if organization.accounts == 0 {
                let id = &organization.id;
                say(&format!(
                    "of organization {id} no account is listed: no file is written for it"
                ));
                continue;
            }
            all.push(self.make(listing, organization, stamp).await?);
        }
        match listing.alone() {
            0 => {}
            alone => say(&format!("{alone} accounts are in no organization: they are in no file")),
        }
        for path in all.iter().filter_map(|made| made.path.as_ref()) {
            print_text(&format!("{}\n", path.display()))?;
        }
        match &self.bucket {
            Some((place, encryption)) if !all.is_empty() => {
                send(&all, place, encryption, args).await
            }
            _ => Ok(()),
        }
    }

    async fn make(
        &self,
        listing: &Listing<'_>,
        organization: &Organization,
        stamp: &str,
    ) -> Result<Made, Stop> {
        let name = name(self.scheme, organization, stamp);
        let mut body = Vec::new();
        let id = Some(organization.id.as_str());
        listing.write(id, Format::Csv, &mut body).map_err(failure)?;
        let path = self.dir.as_ref().map(|dir| dir.join(&name));
        if let Some(path) = &path {
            deliver(Some(path), async |out| Ok(out.write_all(&body)?)).await?;
            beside(listing, id, path)?;
        }
        Ok(Made { name, body, path })
    }
}

async fn send(
    all: &[Made],
    place: &BucketPlace,
    encryption: &Encryption,
    args: &Accounts,
) -> Result<(), Stop> {
    let catalog = Catalog::embedded().map_err(Stop::failed)?;
    let settings = outputs(&args.access, &args.pace, &catalog)?;
    let budget = budget::connect(&args.parts.budgets).await.map_err(Stop::usage)?;
    let aws = Aws::connect(&settings, Options::from_env(), catalog, budget, Arc::new(SystemClock));
    let aws = aws.map_err(Stop::usage)?;
    for made in all {
        let key = format!("{}{}", place.prefix, made.name);
        let object = NewObject {
            bucket: &place.bucket,
            key: &key,
            body: &made.body,
            content_type: CONTENT_TYPE,
            encryption,
        };
        aws.upload(&object).await.map_err(|failure| {
            let copy = made
                .path
                .as_ref()
                .map_or_else(String::new, |path| format!("; the local copy is {}", path.display()));
            Stop::failed(format!("s3://{}/{key} cannot be written: {failure}{copy}", place.bucket))
        })?;
        print_text(&format!("s3://{}/{key}\n", place.bucket))?;
    }
    Ok(())
}

/// The name of an organization's file.
fn name(scheme: KeyScheme, organization: &Organization, stamp: &str) -> String {
    let Organization { id, management_account, management_name, .. } = organization;
    match scheme {
        KeyScheme::MetadataReport => {
            format!("aws-{management_account}-account-metadata-report-{stamp}.csv")
        }
        KeyScheme::Organization => {
            let name = management_name.as_deref().unwrap_or(management_account);
            format!("{id}_aws_{}_tc.csv", sanitised(name))
        }
    }
}

/// A name without anything that means something in a path or an address.
fn sanitised(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    name.chars().take(LONGEST_NAME).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_name_files_as_other_programs_know_them() {
        let stamp = "2026-11-22T17-16-05Z";
        let organization = Organization {
            id: "o-abcdefghij".to_owned(),
            management_account: "111122223333".to_owned(),
            management_name: Some("Acme & Söhne/../prod".to_owned()),
            accounts: 1,
        };
        assert_eq!(
            name(KeyScheme::MetadataReport, &organization, stamp),
            "aws-111122223333-account-metadata-report-2026-11-22T17-16-05Z.csv"
        );
        assert_eq!(
            name(KeyScheme::Organization, &organization, stamp),
            "o-abcdefghij_aws_Acme___S_hne____prod_tc.csv"
        );
        let unknown = Organization { management_name: None, ..organization };
        assert_eq!(
            name(KeyScheme::Organization, &unknown, stamp),
            "o-abcdefghij_aws_111122223333_tc.csv"
        );
    }
}
