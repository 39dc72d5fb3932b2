//! The tags of accounts: a call for each account, so they are read only where somebody asks for them.

use protocol::AccountId;
use protocol::Failure;
use protocol::holding::Holding;
use protocol::inventory::AccountState;

use super::accounts::state;
use super::{PAGE_SIZE, Reader};
use crate::arn::parse_account_id;

impl Reader<'_> {
    /// The tags of an account.
    pub(super) async fn tags(&self, account: &AccountId) -> Result<Vec<(String, String)>, Failure> {
        let mut tags = Vec::new();
        self.pages(
            "ListTagsForResource",
            |client, token| {
                let request = client.list_tags_for_resource().resource_id(account.as_str());
                request.set_next_token(token).send()
            },
            |answer| {
                let pairs = answer.tags.unwrap_or_default().into_iter();
                tags.extend(pairs.map(|tag| (tag.key, tag.value)));
                answer.next_token
            },
        )
        .await?;
        Ok(tags)
    }

    /// The tags of all accounts that have any to read; a closed one's are gone.
    pub(super) async fn all_tags(&self) -> Holding {
        let mut holding = Holding::default();
        let mut accounts = Vec::new();
        let listed = self
            .pages(
                "ListAccounts",
                |client, token| {
                    let request = client.list_accounts().max_results(PAGE_SIZE);
                    request.set_next_token(token).send()
                },
                |answer| {
                    let listed = answer.accounts.unwrap_or_default();
                    let open = listed.iter().filter(|one| state(one) != AccountState::Closed);
                    let ids = open.filter_map(|one| parse_account_id(one.id()?).ok());
                    accounts.extend(ids);
                    answer.next_token
                },
            )
            .await;
        if let Err(failure) = listed {
            holding.lack("the list of accounts", failure);
        }
        for account in accounts {
            match self.tags(&account).await {
                Ok(tags) => holding.tags.push((account, tags)),
                Err(failure) => holding.lack(format!("tags of {account}"), failure),
            }
        }
        holding
    }
}
