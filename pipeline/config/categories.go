package config

import (
	"slices"
	"strings"
)

// taxonomy is fideslang's default data categories (3.x, with the keys that 3.2
// renamed still accepted), one tree a line: a parent and the keys below it.
const taxonomy = `
user: account authorization behavior biometric biometrics childrens children contact content criminal_history demographic device financial government_id health health_and_medical job_title location name payment privacy_preferences professional_information sensor settings social social_activity telemetry unique_id user_sensor workplace
user.account: settings username
user.authorization: biometric biometrics credentials password
user.behavior: browsing_history media_consumption purchase_history search_history
user.biometric: fingerprint health retinal voice
user.biometrics: fingerprint retinal voice
user.children: children_under_thirteen thirteen_to_sixteen
user.contact: address email fax_number organization phone_number social_url url
user.contact.address: city country mailing_address postal_code state street
user.content: private public self_image
user.demographic: age_range citizenship_or_immigration_status date_of_birth gender language marital_status philosophical_belief political_opinion profile protected_classifications race_ethnicity religious_belief sexual_orientation union_membership
user.device: cookie cookie_id device_id ip_address sensor telemetry
user.financial: bank_account credit_card
user.government_id: birth_certificate drivers_license_number immigration national_identification_number passport_number vehicle_registration
user.health: baby_formula condition genetic insurance_beneficiary_id maternity_clothing medical_diagnosis medications prescriptions record_id reproductive_or_sexual social_psychological_behavioral symptons treatment
user.health_and_medical: genetic insurance_beneficiary_id record_id
user.location: coarse imprecise precise
user.name: first last
user.professional_information: job_title workplace
user.unique_id: deterministic probablistic pseudonymous
system: authentication operations
`

var categoryList, categorySet = buildCategories()

func buildCategories() ([]string, map[string]bool) {
	list, set := []string{"user", "system"}, map[string]bool{}
	for line := range strings.Lines(taxonomy) {
		parent, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		for _, w := range strings.Fields(rest) {
			list = append(list, parent+"."+w)
		}
	}
	slices.Sort(list)
	for _, c := range list {
		set[c] = true
	}
	return list, set
}

// Categories returns the keys of fideslang's default data categories, sorted.
func Categories() []string { return slices.Clone(categoryList) }

// KnownCategory reports whether a key is one of fideslang's default data
// categories.
func KnownCategory(key string) bool { return categorySet[key] }
