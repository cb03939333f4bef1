import pyarrow as pa, pyarrow.parquet as pq, json
r=[dict(id=1,subject='x',attendees=[dict(name='Asha Verma',phone='9812345670',email=None,remark='AAA'),dict(name='Bela Rao',phone='9712345671',email='bela@example.com',remark='BBB call 9812345670')])]
pq.write_table(pa.Table.from_pylist(r),'objects/files/meetings/m.parquet')
open('objects/files/meetings/m.jsonl','w').write(json.dumps(r[0])+'\n')
