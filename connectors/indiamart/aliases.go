package indiamart

import "maps"

// v1 translates the names of API version 1 to those of version 2. A CRM may hold
// data of either under the names of the other.
var v1 = map[string]string{
	"QUERY_ID": "UNIQUE_QUERY_ID", "QTYPE": "QUERY_TYPE", "SENDERNAME": "SENDER_NAME", "SENDEREMAIL": "SENDER_EMAIL", "MOB": "SENDER_MOBILE",
	"GLUSR_USR_COMPANYNAME": "SENDER_COMPANY", "ENQ_MESSAGE": "QUERY_MESSAGE", "ENQ_ADDRESS": "SENDER_ADDRESS", "ENQ_CITY": "SENDER_CITY",
	"ENQ_STATE": "SENDER_STATE", "ENQ_CALL_DURATION": "CALL_DURATION", "ENQ_RECEIVER_MOB": "RECEIVER_MOBILE", "PRODUCT_NAME": "QUERY_PRODUCT_NAME",
	"COUNTRY_ISO": "SENDER_COUNTRY_ISO", "EMAIL_ALT": "SENDER_EMAIL_ALT", "MOBILE_ALT": "SENDER_MOBILE_ALT", "PHONE": "SENDER_PHONE",
	"PHONE_ALT": "SENDER_PHONE_ALT", "DATE_TIME_RE": "QUERY_TIME",
}

// v1Days is v1 for a lead that has the day alone.
var v1Days = func() map[string]string {
	out := maps.Clone(v1)
	out["DATE_RE"], out["DATE_R"] = "QUERY_TIME", "QUERY_TIME"
	return out
}()

// headers are the aliases of exported tables, folded as connectors.FoldHeader
// does. The seller's panel promises no header, so these are words that sellers
// and tools use for the fields; what is not among them is judged by its name and
// its values.
var headers = map[string]string{
	"queryid": "UNIQUE_QUERY_ID", "leadid": "UNIQUE_QUERY_ID", "enquiryid": "UNIQUE_QUERY_ID", "inquiryid": "UNIQUE_QUERY_ID", "uniqueid": "UNIQUE_QUERY_ID",
	"qtype": "QUERY_TYPE", "leadtype": "QUERY_TYPE", "enquirytype": "QUERY_TYPE",
	"date": "QUERY_TIME", "datetime": "QUERY_TIME", "enquirydate": "QUERY_TIME", "leaddate": "QUERY_TIME", "querydate": "QUERY_TIME", "datetimere": "QUERY_TIME",
	"name": "SENDER_NAME", "buyername": "SENDER_NAME", "sendername": "SENDER_NAME", "customername": "SENDER_NAME", "contactperson": "SENDER_NAME", "contactname": "SENDER_NAME",
	"mobile": "SENDER_MOBILE", "mobileno": "SENDER_MOBILE", "mobilenumber": "SENDER_MOBILE", "buyermobile": "SENDER_MOBILE", "contactnumber": "SENDER_MOBILE",
	"contactno": "SENDER_MOBILE", "phonenumber": "SENDER_MOBILE", "mob": "SENDER_MOBILE",
	"alternatemobile": "SENDER_MOBILE_ALT", "altmobile": "SENDER_MOBILE_ALT", "mobilealt": "SENDER_MOBILE_ALT", "mobile2": "SENDER_MOBILE_ALT",
	"phone": "SENDER_PHONE", "landline": "SENDER_PHONE", "telephone": "SENDER_PHONE", "phonealt": "SENDER_PHONE_ALT",
	"email": "SENDER_EMAIL", "emailid": "SENDER_EMAIL", "buyeremail": "SENDER_EMAIL", "emailaddress": "SENDER_EMAIL", "senderemail": "SENDER_EMAIL",
	"alternateemail": "SENDER_EMAIL_ALT", "emailalt": "SENDER_EMAIL_ALT", "email2": "SENDER_EMAIL_ALT",
	"company": "SENDER_COMPANY", "companyname": "SENDER_COMPANY", "buyercompany": "SENDER_COMPANY", "glusrusrcompanyname": "SENDER_COMPANY",
	"address": "SENDER_ADDRESS", "enqaddress": "SENDER_ADDRESS", "city": "SENDER_CITY", "enqcity": "SENDER_CITY", "state": "SENDER_STATE", "enqstate": "SENDER_STATE",
	"pincode": "SENDER_PINCODE", "country": "SENDER_COUNTRY_ISO", "countryiso": "SENDER_COUNTRY_ISO",
	"product": "QUERY_PRODUCT_NAME", "productname": "QUERY_PRODUCT_NAME", "requirement": "QUERY_MESSAGE", "message": "QUERY_MESSAGE", "enquirymessage": "QUERY_MESSAGE",
	"enqmessage": "QUERY_MESSAGE", "description": "QUERY_MESSAGE", "callduration": "CALL_DURATION", "enqcallduration": "CALL_DURATION",
	"receivermobile": "RECEIVER_MOBILE", "receivernumber": "RECEIVER_MOBILE", "receivedon": "RECEIVER_MOBILE", "enqreceivermob": "RECEIVER_MOBILE",
	"sellermobile": "RECEIVER_MOBILE", "calledon": "RECEIVER_MOBILE", "senderglusrusrid": "SENDER_GLUSR_USR_ID",
}
