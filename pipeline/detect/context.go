package detect

import (
	"slices"
	"strings"
	"unicode"
)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// Words splits a name into its words, in lower case: at signs, at digits, and
// where a capital follows a small letter.
func Words(name string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	small := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsMark(r):
			flush()
			small = false
			continue
		case unicode.IsUpper(r) && small:
			flush()
		}
		small = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	flush()
	return out
}

// phrase reports whether the words of a phrase stand in a row among the words of
// a name. A phrase that begins with "=" is the whole name.
func phrase(name []string, p string) bool {
	if whole, ok := strings.CutPrefix(p, "="); ok {
		return strings.Join(name, " ") == whole
	}
	want := strings.Fields(p)
	for i := 0; i+len(want) <= len(name); i++ {
		if slices.Equal(name[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

// says returns the phrase by which a name speaks of something, "" if it does not.
func says(name []string, phrases []string) string {
	for _, p := range phrases {
		if phrase(name, p) {
			return strings.TrimPrefix(p, "=")
		}
	}
	return ""
}

func list(s string) []string {
	var out []string
	for p := range strings.SplitSeq(s, ",") {
		out = append(out, strings.Join(strings.Fields(p), " "))
	}
	return out
}

// neutral are words that end names of columns which are never personal by name:
// flags, counters, times.
var neutral = words("verified count counts at flag enabled status type valid opt optin optout consent attempts total date time timestamp ts hash version sent seen length")

// neutralName reports names that rule a column out unless its values speak.
func neutralName(name []string) bool {
	if len(name) == 0 {
		return false
	}
	return neutral[name[len(name)-1]] || words("is has can num count")[name[0]] && len(name) > 1
}

// opaqueWords end the names of columns of ids, amounts and times: their digits are
// no telephone number.
var opaqueWords = words("id ids ref reference order invoice txn transaction sku amount price total qty quantity at ts time timestamp date created updated hash token version seq sequence serial score epoch ms")

func opaqueName(name []string) bool {
	return len(name) > 0 && opaqueWords[name[len(name)-1]]
}

// personWords are what companies call people: "guest" of guest_name. A word that is as
// often a firm's or a thing's (partner, tenant, host) is none of them.
var personWords = words(`contact lead customer cust stud tchr client person patient member user employee emp staff buyer prospect subscriber student pupil candidate agent caller
sender profile guest visitor passenger traveller traveler donor volunteer beneficiary borrower applicant insured policyholder nominee guardian consignee consignor
shipper recipient receiver payer payee driver rider doctor nurse teacher tutor parent father mother spouse attendee participant resident citizen worker shopper
informant broker claimant complainant witness advisor adviser counsellor counselor recruiter surveyor technician landlord seller purchaser heir holder cardholder owner
husband wife son daughter brother sister child relative kin referee referrer bride groom learner trainee mentor coach consultant`)

// ofPeople reports a table that holds people: there "name" is a person's.
func ofPeople(table []string) bool {
	return slices.ContainsFunc(table, func(w string) bool {
		return personWords[w] || personWords[strings.TrimSuffix(w, "s")] || w == "people" || w == "persons" || w == "beneficiaries"
	})
}

// spelt spells the short words for a name: stud_nm.
func spelt(name []string) []string {
	for i, w := range name {
		if w == "nm" || w == "naam" {
			name[i] = "name"
		}
	}
	return name
}

// personName returns the part of a name that speaks of the name of a person of some kind:
// guest_name, name_of_the_donor. "" if there is none.
func personName(name []string) string {
	for i, w := range name {
		switch {
		case w == "name" && i > 0 && personWords[name[i-1]]:
			return name[i-1] + " name"
		case w == "name" && i+1 < len(name) && name[i+1] == "of" && personWords[name[len(name)-1]]:
			return "name of " + name[len(name)-1]
		}
	}
	return ""
}

// The words that speak of each kind.
var (
	phoneWords = list(`phone, phones, mobile, mobiles, mob, tel, telephone, cell, cellphone, msisdn, whatsapp, contact no, contact number, contactno, contactnumber,
		mobileno, mobilenumber, phoneno, phonenumber, from number, to number, caller number, called number, customer number, caller id, caller no, =caller, =callee, landline, fax, ph no,
		alt no, calling number, मोबाइल, फोन, फ़ोन`)
	emailWords    = list(`email, emails, e mail, mail, mailid, emailid, emailaddress, gmail, ईमेल`)
	waWords       = list(`wa id, waid, whatsapp id, recipient id, jid, wamid`)
	bsuidWords    = list(`bsuid, from user id, to user id, recipient user id, parent user id`)
	aadhaarWords  = list(`aadhaar, aadhar, adhaar, adhar, aadhaarno, aadharno, uidai, आधार`)
	vidWords      = list(`vid, virtual id`)
	panWords      = list(`pan, panno, pan card, pancard, permanent account`)
	gstinWords    = list(`gstin, gst, gstno`)
	epicWords     = list(`epic, voter, voterid, voter id, election card`)
	passportWords = list(`passport, passportno`)
	licenceWords  = list(`driving licence, driving license, drivers license, licence, license, dl no, dl number, =dl`)
	vehicleWords  = list(`vehicle, registration no, reg no, number plate, car no, vehicleno`)
	ifscWords     = list(`ifsc, ifsc code`)
	upiWords      = list(`upi, vpa, upiid`)
	cookieWords   = list(`cookie, client id, ga client, user pseudo id, pseudo id, =ga, gclid, fbp, fbc`)
	deviceWords   = list(`device id, deviceid, advertising id, vendor id, idfa, gaid, android id, imei`)
	ipWords       = list(`ip, ip address, ipaddress, ipaddr, remote addr, client ip, ipv`)
	dobWords      = list(`dob, birth, birthday, birthdate, date of birth, born, जन्म`)
	postalWords   = list(`pin, pincode, pin code, postal, postcode, postalcode, zip, zipcode`)
	addressNames  = list(`address, addr, street, locality, landmark, address line, residence, पता`)
	cityWords     = list(`city, town, district, taluka, village, state, शहर`)
	genderWords   = list(`gender, sex`)
	bankWords     = list(`account no, account number, bank account, acct no, accountno, a c no`)
	contentWords  = list(`note, notes, remark, remarks, message, messages, comment, comments, description, body, feedback, subject, transcript, text, content, query, enquiry, requirement, disposition`)
	nameWords     = list(`full name, first name, last name, middle name, given name, family name, contact name, customer name, client name, lead name, buyer name, sender name,
		caller name, person name, patient name, applicant name, father name, mother name, spouse name, nominee name, to name, from name, billed to name, owner name, agent name, contact person, fullname,
		firstname, lastname, middlename, fname, lname, surname, nickname, contactname, customername, assigned to, guardian name, account holder, holder name, member name,
		employee name, staff name, user name, display name, =name, =contact, =customer, =assignee, नाम`)
)
