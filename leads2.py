# lists of objects that refer to leads without names; a contact with lead_ids; parquet etc.
from merged import *
R="{name: lead_id, fides_meta: {references: [{dataset: files, field: leads.id, direction: from}]}}"
N="{name: name, data_categories: [user.name]}"
L=[{"id":1001,"phone":"9812345611"},{"id":1002,"phone":"9812345622"},{"id":1003,"phone":"9812345633"}]
world("g/l",coll("leads",N)+coll("camp","{name: p, fides_meta: {data_type: object}, fields: [%s]}"%R),{"leads":L,"camp":[{"id":1,"p":[{"lead_id":1001,"x":1}]},{"id":2,"p":[{"lead_id":1001,"x":1},{"lead_id":1002,"x":2}]},{"id":3,"p":[{"lead_id":1003,"x":1},{"lead_id":1003,"x":2}]}]})
ask("g/l","9812345611","9812345622","9812345633")
print("own row: both hers")
world("g/l",coll("leads",N)+coll("camp","{name: lead_ids, fides_meta: {references: [{dataset: files, field: leads.id, direction: from}]}}"),{"leads":L,"camp":[{"id":1,"phone":"9712345677","lead_ids":[1001,1002]}]})
ask("g/l","9712345677","9812345611")
