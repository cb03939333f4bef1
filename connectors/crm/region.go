package crm

import "strings"

// cloudRegion takes the region out of the name of a server that a cloud runs:
// NAME.ID.ap-south-1.rds.amazonaws.com. "" means that the name does not tell.
func cloudRegion(host string) string {
	host, ok := strings.CutSuffix(strings.TrimSuffix(strings.ToLower(host), ".cn"), ".rds.amazonaws.com")
	if !ok {
		return ""
	}
	i := strings.LastIndexByte(host, '.')
	if i < 0 || strings.Count(host[i+1:], "-") != 2 {
		return ""
	}
	return host[i+1:]
}
