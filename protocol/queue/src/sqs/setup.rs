//! Finding the queues, or making them.
//!
//! A queue that is there is used if it parks as we count; one that is missing is made where that is
//! allowed, so that a small installation needs no step before its first start, and one whose roles
//! are narrow says what is missing.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use protocol::queue::{Line, MAX_DELIVERIES, QueueError};

use super::address::Address;
use super::requests::Target;
use super::trouble::of_sdk;
use super::{MESSAGE_LIMIT, VISIBILITY};
use crate::patience::Trouble;

/// How long a parked message is kept, in seconds: SQS's most, 14 days.
const PARKED_FOR: u32 = 14 * 24 * 3600;

/// The queues of every line, in the order of [`Line::ALL`].
pub(super) async fn find_or_make(
    client: &Client,
    address: &Address,
) -> Result<Vec<Target>, Trouble> {
    let parked = find_or_make_one(client, address, Line::Parked, None).await?;
    let arn = attribute(client, &parked, QueueAttributeName::QueueArn).await?.unwrap_or_default();
    let mut targets = Vec::new();
    for line in Line::ALL.iter().copied() {
        targets.push(match line {
            Line::Parked => parked.clone(),
            Line::Tasks | Line::Results => {
                let target = find_or_make_one(client, address, line, Some(&arn)).await?;
                check_parking(client, &target, &arn).await?;
                target
            }
        });
    }
    Ok(targets)
}

/// Reads an attribute of a queue.
pub(super) async fn attribute(
    client: &Client,
    target: &Target,
    name: QueueAttributeName,
) -> Result<Option<String>, Trouble> {
    let request =
        client.get_queue_attributes().queue_url(&target.url).attribute_names(name.clone());
    let asked = format!("reading {name} of {}", target.name);
    let answer = request.send().await.map_err(|error| of_sdk(&asked, &error))?;
    Ok(answer.attributes().and_then(|attributes| attributes.get(&name)).cloned())
}

async fn find_or_make_one(
    client: &Client,
    address: &Address,
    line: Line,
    parked_arn: Option<&str>,
) -> Result<Target, Trouble> {
    let queue = address.queue(line);
    let name = format!("{queue} in {}", address.region);
    let target = |url: Option<&str>| {
        let url = url.unwrap_or_default().to_owned();
        Target { client: client.clone(), url, name: name.clone() }
    };
    let found = client.get_queue_url().queue_name(&queue).send().await;
    match found {
        Ok(answer) => return Ok(target(answer.queue_url())),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(of_sdk(&format!("finding {name}"), &error)),
    }
    let mut request = client
        .create_queue()
        .queue_name(&queue)
        .attributes(QueueAttributeName::MaximumMessageSize, MESSAGE_LIMIT.to_string())
        .attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY.as_secs().to_string());
    request = match parked_arn {
        Some(arn) => request.attributes(QueueAttributeName::RedrivePolicy, redrive_policy(arn)),
        None => {
            request.attributes(QueueAttributeName::MessageRetentionPeriod, PARKED_FOR.to_string())
        }
    };
    let asked = format!("making {name}, which is not there,");
    let made = request.send().await.map_err(|error| of_sdk(&asked, &error))?;
    tracing::info!(queue, region = address.region, "made a queue that was not there");
    Ok(target(made.queue_url()))
}

fn is_missing(
    error: &aws_sdk_sqs::error::SdkError<aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError>,
) -> bool {
    error.as_service_error().is_some_and(|error| error.is_queue_does_not_exist())
}

fn redrive_policy(parked_arn: &str) -> String {
    format!(r#"{{"deadLetterTargetArn":"{parked_arn}","maxReceiveCount":"{MAX_DELIVERIES}"}}"#)
}

/// Refuses a queue that parks elsewhere, or at another count: poison would go round in it.
async fn check_parking(client: &Client, target: &Target, arn: &str) -> Result<(), Trouble> {
    let policy = attribute(client, target, QueueAttributeName::RedrivePolicy).await?;
    if parks(policy.as_deref().unwrap_or_default(), arn) {
        return Ok(());
    }
    Err(Trouble::Lasting(QueueError::Refused(format!(
        "{} does not park as it should: set its redrive policy to {}, or name another prefix in --queue",
        target.name,
        redrive_policy(arn)
    ))))
}

/// Whether a redrive policy parks at `arn` after [`MAX_DELIVERIES`]; SQS writes the number with and
/// without quotes.
fn parks(policy: &str, arn: &str) -> bool {
    let bare: String =
        policy.chars().filter(|c| !c.is_whitespace() && !"\"{}".contains(*c)).collect();
    let target = format!("deadLetterTargetArn:{arn}");
    let count = format!("maxReceiveCount:{MAX_DELIVERIES}");
    let has = |wanted: &str| bare.split(',').any(|field| field == wanted);
    has(&target) && has(&count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_is_read_however_it_is_written() {
        let arn = "arn:aws:sqs:eu-west-1:123456789012:orgsweep-parked";
        assert!(parks(&redrive_policy(arn), arn));
        assert!(parks(
            &format!("{{ \"maxReceiveCount\" : 5, \"deadLetterTargetArn\":\"{arn}\" }}"),
            arn
        ));
        assert!(!parks(&redrive_policy("arn:aws:sqs:eu-west-1:123456789012:other"), arn));
        assert!(!parks(&redrive_policy(arn).replace('5', "50"), arn));
        assert!(!parks("", arn));
    }
}
