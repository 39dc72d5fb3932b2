//! What an organization holds beside its accounts and units: each part is read by itself, and whatever answers is kept.

use aws_smithy_types::DateTime as Stamp;
use chrono::{DateTime, Utc};
use protocol::holding::{Administrator, Holding, Part, TrustedService};
use protocol::{AccountId, ConnectionId, Failure, FailureKind, ScanId};

use super::{PAGE_SIZE, Reader};
use crate::access::Access;
use crate::arn::parse_account_id;

/// Reads a part of the organization that a connection leads to.
pub(crate) async fn holding(
    access: &Access,
    scan: &ScanId,
    connection: &ConnectionId,
    attempts: u32,
    part: Part,
) -> Holding {
    let reader = Reader::new(access, scan, connection.clone(), attempts);
    match part {
        Part::Policies => reader.all_policies().await,
        Part::Administrators => reader.administrators().await,
        Part::Services => reader.services().await,
        Part::Tags => reader.all_tags().await,
        Part::Accounts | Part::Tree => {
            let message = "accounts and their tree are read by themselves";
            Holding::lacking(part.as_str(), Failure::new(FailureKind::Invalid, "NoPart", message))
        }
    }
}

/// A moment as the SDK has it.
pub(super) fn moment(stamp: Option<&Stamp>) -> Option<DateTime<Utc>> {
    stamp.and_then(|at| DateTime::from_timestamp(at.secs(), at.subsec_nanos()))
}

impl Reader<'_> {
    /// Which accounts administer which services.
    async fn administrators(&self) -> Holding {
        let mut holding = Holding::default();
        let mut ids = Vec::new();
        let listed = self
            .pages(
                "ListDelegatedAdministrators",
                |client, token| {
                    let request = client.list_delegated_administrators().max_results(PAGE_SIZE);
                    request.set_next_token(token).send()
                },
                |answer| {
                    let administrators = answer.delegated_administrators.unwrap_or_default();
                    let id = |one: aws_sdk_organizations::types::DelegatedAdministrator| {
                        parse_account_id(one.id()?).ok()
                    };
                    ids.extend(administrators.into_iter().filter_map(id));
                    answer.next_token
                },
            )
            .await;
        if let Err(failure) = listed {
            holding.lack("the list of delegated administrators", failure);
        }
        for account in ids {
            let services = match self.administered(&account).await {
                Ok(services) => Some(services),
                Err(failure) => {
                    holding.lack(format!("services of {account}"), failure);
                    None
                }
            };
            holding.administrators.push(Administrator { account, services });
        }
        holding
    }

    /// The services that an account administers.
    async fn administered(&self, account: &AccountId) -> Result<Vec<TrustedService>, Failure> {
        let mut services = Vec::new();
        self.pages(
            "ListDelegatedServicesForAccount",
            |client, token| {
                let request = client.list_delegated_services_for_account();
                let request = request.account_id(account.as_str()).max_results(PAGE_SIZE);
                request.set_next_token(token).send()
            },
            |answer| {
                let listed = answer.delegated_services.unwrap_or_default();
                services.extend(listed.into_iter().filter_map(|one| {
                    let since = moment(one.delegation_enabled_date());
                    Some(TrustedService { service: one.service_principal?, since })
                }));
                answer.next_token
            },
        )
        .await?;
        Ok(services)
    }

    /// The services that may work in all accounts.
    async fn services(&self) -> Holding {
        let mut holding = Holding::default();
        let listed = self
            .pages(
                "ListAWSServiceAccessForOrganization",
                |client, token| {
                    let request = client.list_aws_service_access_for_organization();
                    request.max_results(PAGE_SIZE).set_next_token(token).send()
                },
                |answer| {
                    let listed = answer.enabled_service_principals.unwrap_or_default();
                    holding.services.extend(listed.into_iter().filter_map(|one| {
                        let since = moment(one.date_enabled());
                        Some(TrustedService { service: one.service_principal?, since })
                    }));
                    answer.next_token
                },
            )
            .await;
        if let Err(failure) = listed {
            holding.lack("the list of trusted services", failure);
        }
        holding
    }
}
