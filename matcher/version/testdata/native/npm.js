// Answers pairs of npm versions with node-semver, with its option loose. The argument is the folder of the package semver.
const semver = require(process.argv[2])
const lines = require('readline').createInterface({ input: process.stdin })

lines.on('line', (line) => {
  const [a, b] = line.split('\t').map((text) => semver.parse(text, { loose: true }))
  if (!a || !b) {
    console.log(`?${+!a}${+!b}`)
  } else {
    console.log('<=>'[a.compare(b) + 1])
  }
})
