# Answers pairs of Ruby versions with RubyGems' own class.
def parse(text)
  Gem::Version.new(text) if Gem::Version.correct?(text)
end

$stdin.each_line(chomp: true) do |line|
  a, b = line.split("\t").map { |text| parse(text) }
  if a.nil? || b.nil?
    puts "?#{a.nil? ? 1 : 0}#{b.nil? ? 1 : 0}"
  else
    puts %w[< = >][(a <=> b) + 1]
  end
end
