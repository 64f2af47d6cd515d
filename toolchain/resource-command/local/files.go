package local

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type globRule struct {
	glob.Glob
	exclude bool
}

// parseRules reads globs in which ** crosses directories and a leading ! excludes.
func parseRules(patterns []string) ([]globRule, error) {
	rules := make([]globRule, 0, len(patterns))
	for _, pattern := range patterns {
		positive, exclude := strings.CutPrefix(pattern, "!")
		compiled, err := glob.Compile(positive, '/')
		if err != nil {
			return nil, err
		}
		rules = append(rules, globRule{compiled, exclude})
	}
	return rules, nil
}

// selects is the verdict of the last rule that matches.
func selects(rules []globRule, file string) bool {
	selected := false
	for _, rule := range rules {
		if rule.Match(file) {
			selected = !rule.exclude
		}
	}
	return selected
}

// findAssets gives the files under dir that the patterns select, by relative path.
func findAssets(dir string, patterns []string) (map[string]*resource.Asset, error) {
	rules, err := parseRules(patterns)
	if err != nil {
		return nil, err
	}
	assets := map[string]*resource.Asset{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !selects(rules, file) {
			return err
		}
		assets[file], err = resource.NewPathAsset(path.Join(dir, file))
		return err
	})
	if err != nil {
		return nil, err
	}
	return assets, nil
}

// findArchive gives the same files as one archive.
func findArchive(dir string, patterns []string) (*resource.Archive, error) {
	assets, err := findAssets(dir, patterns)
	if err != nil {
		return nil, err
	}
	members := make(map[string]any, len(assets))
	for file, asset := range assets {
		members[file] = asset
	}
	return resource.NewAssetArchive(members)
}
