// Package shim reaches the Terraform provider's internal package. Go allows an
// import of a/internal/b from any package whose path starts with a/, so this
// module is named as if it lived inside the provider.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider is the Terraform provider that is bridged.
func NewProvider(version string) *schema.Provider {
	return provider.New(version)()
}
