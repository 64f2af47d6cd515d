// Command pulumi-resource-random serves the random package to the Pulumi
// engine: the Terraform provider that the published plugin also bridges.
package main

import (
	"context"
	"encoding/json"
	"log"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
)

// version is stamped by the build from versions.env.
var version = "0.0.0"

func main() {
	schema, err := json.Marshal(map[string]string{"name": packageName, "version": version})
	if err != nil {
		log.Fatal(err)
	}
	pf.Main(context.Background(), packageName, mapping(version), pf.ProviderMetadata{PackageSchema: schema})
}
