# Verifies a message on standard input by Mail::DKIM: prints "ALGORITHM RESULT" for each signature.
# Keys are taken from the file named first, one "NAME TXT" a line, instead of the DNS.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;
use Net::DNS;

my %records;
open(my $file, '<', $ARGV[0]) or die "$ARGV[0]: $!";
while (my $line = <$file>) {
    chomp $line;
    my ($name, $text) = split(/ /, $line, 2);
    $records{lc $name} = $text;
}

package Records;

sub send {
    my ($self, $name, $type) = @_;
    my $answer = Net::DNS::Packet->new($name, $type);
    my $text = $records{lc $name};
    if (defined $text) {
        my @pieces = $text =~ /.{1,255}/gs;
        $answer->push(answer => Net::DNS::RR->new(owner => $name, type => 'TXT', txtdata => \@pieces));
    }
    $answer->header->rcode(defined $text ? 'NOERROR' : 'NXDOMAIN');
    return $answer;
}

sub errorstring { return 'NOERROR' }

package main;

Mail::DKIM::DNS::resolver(bless {}, 'Records');
my $verifier = Mail::DKIM::Verifier->new();
binmode(STDIN);
while (my $line = <STDIN>) {
    $verifier->PRINT($line);
}
$verifier->CLOSE;
for my $signature ($verifier->signatures) {
    print $signature->algorithm, ' ', $signature->result, "\n";
}
