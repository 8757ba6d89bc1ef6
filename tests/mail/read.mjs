// What mailparser reads: lines of base64 come in, each a message, and a line of JSON goes out for each.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { simpleParser } = createRequire(process.argv[2] + '/')('mailparser')
const options = { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true, keepCidLinks: true }
const boxes = found => (found ? found.value.map(each => [each.name, each.address]) : [])

for await (const line of createInterface({ input: process.stdin })) {
  const mail = await simpleParser(Buffer.from(line, 'base64'), options)
  console.log(JSON.stringify({
    subject: mail.subject ?? '',
    From: boxes(mail.from),
    To: boxes(mail.to),
    Cc: boxes(mail.cc),
    'Reply-To': boxes(mail.replyTo),
    note: mail.headers.get('x-note') ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    files: mail.attachments.map(each => [each.filename ?? '', each.content.toString('base64')]),
  }))
}
