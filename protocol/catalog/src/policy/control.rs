//! The actions of the control plane: calls that no entry holds, because they are not about a
//! service but about getting in, the organization, and where results go.

/// How an account tells who we are in it. It needs no permission, and is never denied.
pub(crate) const IDENTITY: &str = "sts:GetCallerIdentity";

/// What the pre-flight of a member account calls besides [`IDENTITY`].
pub(crate) const MEMBER: &[&str] = &["account:ListRegions", "ec2:DescribeRegions"];

/// What reads an organization: its accounts, tree, tags, policies and delegations, and the
/// regions of members that cannot list their own.
pub(crate) const ORGANIZATION: &[&str] = &[
    "account:ListRegions",
    "organizations:DescribeAccount",
    "organizations:DescribeEffectivePolicy",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribePolicy",
    "organizations:DescribeResourcePolicy",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListChildren",
    "organizations:ListDelegatedAdministrators",
    "organizations:ListDelegatedServicesForAccount",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListParents",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListTagsForResource",
    "organizations:ListTargetsForPolicy",
    "tag:GetResources",
];

/// What enters an account.
pub(crate) const ENTER: &str = "sts:AssumeRole";

/// What writes a result to a bucket.
pub(crate) const UPLOAD: &str = "s3:PutObject";

/// What reads the table of tenants.
pub(crate) const READ_TENANTS: &str = "dynamodb:Scan";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::actions::level;

    #[test]
    fn the_control_plane_reads_accounts_and_the_organization() {
        for action in MEMBER.iter().chain(ORGANIZATION) {
            assert!(level(action).is_some(), "{action} is no read");
        }
    }
}
