output "role_arn" {
  description = "The role of this account."
  value       = aws_iam_role.member.arn
}
