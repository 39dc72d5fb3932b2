variable "hub_role_arn" {
  description = "The exact role that enters: the output HubRoleArn of the hub role's stack. It must exist already."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.hub_role_arn))
    error_message = "hub_role_arn must be the ARN of one IAM role."
  }
}

variable "external_id" {
  description = "What it must bring, as in the fleet's connections; at least 16 characters that nobody guesses."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]{16,1224}$", var.external_id))
    error_message = "external_id must have 16 to 1224 letters, digits or _+=,.@:/-"
  }
}

variable "organization_id" {
  description = "The organization that the hub role's account must be in."
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "organization_id must be of the form o-abcdefghij."
  }
}

variable "role_name" {
  description = "The role's name, the same in every account."
  type        = string
  default     = "orgsweep-member"
}

variable "permissions_boundary_arn" {
  description = "A permissions boundary, where your organization demands one."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role and its policies."
  type        = map(string)
  default     = {}
}
