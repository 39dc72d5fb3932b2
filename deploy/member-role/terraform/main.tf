# The role that orgsweep enters in an account: the same as stackset.yaml, for those who roll roles out with Terraform.

data "aws_partition" "current" {}

locals {
  # Made by `cargo xtask deploy` from the catalog; written for the partition aws.
  policies = {
    for file in fileset("${path.module}/policies", "*.json") :
    trimsuffix(file, ".json") => replace(
      file("${path.module}/policies/${file}"),
      "arn:aws:",
      "arn:${data.aws_partition.current.partition}:"
    )
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "OnlyTheHubRole"
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.hub_role_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

resource "aws_iam_role" "member" {
  name                 = var.role_name
  description          = "orgsweep reads what is in this account, never data, secrets or code"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = merge({ orgsweep = "member-role" }, var.tags)
}

resource "aws_iam_policy" "member" {
  for_each = local.policies

  name        = replace(each.key, "orgsweep-member", var.role_name)
  description = "Made from the catalog of orgsweep"
  policy      = each.value
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "member" {
  for_each = aws_iam_policy.member

  role       = aws_iam_role.member.name
  policy_arn = each.value.arn
}
