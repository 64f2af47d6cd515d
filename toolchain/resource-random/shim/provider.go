// Package shim reaches the Terraform provider's internal package. Go allows an
// import of a/internal/b from any package whose path starts with a/, so this
// module is named as if it lived inside the provider.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	internal "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// NewProvider is the Terraform provider that is bridged.
func NewProvider() provider.Provider {
	return internal.New()
}
