package toolchain

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An SDK asks for exactly its own version of the plugin, so the two may not part.
func TestPluginsHaveTheVersionsOfTheirSDKs(t *testing.T) {
	content, err := os.ReadFile("../package.json")
	require.NoError(t, err)
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	require.NoError(t, json.Unmarshal(content, &manifest))
	pinned := versions(t)
	assert.Equal(t, manifest.Dependencies["@pulumi/docker"], pinned["DOCKER_VERSION"])
	assert.Equal(t, manifest.Dependencies["@pulumi/random"], pinned["RANDOM_VERSION"])
	assert.Equal(t, manifest.Dependencies["@pulumi/command"], pinned["COMMAND_VERSION"])
}

func TestTheCLIThatIsBuiltIsTheOneThatIsDownloaded(t *testing.T) {
	content, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	module := regexp.MustCompile(`github\.com/pulumi/pulumi/pkg/v3 v(\S+)`).FindSubmatch(content)
	require.NotNil(t, module)
	assert.Equal(t, string(module[1]), versions(t)["PULUMI_VERSION"])
}

func versions(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("versions.env")
	require.NoError(t, err)
	found := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^(\w+)=(\S+)$`).FindAllSubmatch(content, -1) {
		found[string(line[1])] = string(line[2])
	}
	return found
}
