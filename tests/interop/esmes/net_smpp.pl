# Perl's Net::SMPP as an ESME: blocking; alphabets are its user's affair, so they are Perl's Encode.
use strict;
use warnings;
use Encode qw(decode encode);
use JSON::PP;
use Net::SMPP;

$| = 1;
my $json = JSON::PP->new->canonical->utf8;
my $plan = $json->decode($ARGV[0]);
my (%waiting, %told);
my $replies = $plan->{replies};

sub say_event { my ($event, %fields) = @_; print $json->encode({ event => $event, %fields }), "\n"; }

my ($smpp, $bound) = Net::SMPP->new_transceiver(
    '127.0.0.1', port => $plan->{port}, smpp_version => 0x34, interface_version => 0x34,
    system_id => $plan->{system_id}, password => $plan->{password}, async => 0,
) or die "cannot connect: $!";
say_event('bound', status => 0 + $bound->status, system_id => $bound->{system_id});

my $alive = $smpp->enquire_link();
say_event('alive', status => 0 + $alive->status);

sub deliver {
    my ($me, $pdu) = @_;
    $me->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
    my $text = $pdu->{short_message};
    if ($pdu->{esm_class} & 0x04) {
        my ($stat) = $text =~ /stat:(\w+)/;
        (my $id = $pdu->{receipted_message_id}) =~ s/\0$//;
        say_event('receipt', message_id => $id, stat => $stat, state => ord $pdu->{message_state});
        delete $waiting{$id};
        $told{$id} = 1;
    } else {
        say_event('message', source => $pdu->{source_addr},
            destination => $pdu->{destination_addr}, text => $text);
        $replies--;
    }
}

# what comes while it waits for a response goes to these handlers
${*$smpp}{handlers}->{0x00000005} = \&deliver;

sub parts {
    my ($text) = @_;
    my $plain = $text =~ /^[\w \n,.:;!?-]*$/a;
    my ($octets, $coding) = $plain ? ($text, 0) : (encode('UTF-16BE', $text), 8);
    my $room = $plain ? 153 : 134;
    return ($coding, 0, $octets) if length $octets <= ($plain ? 160 : 140);
    my @parts = unpack "(a$room)*", $octets;
    my $number = 0;
    return ($coding, 0x40,
        map { $number++; pack('C6', 5, 0, 3, 9, scalar @parts, $number) . $_ } @parts);
}

for my $message (@{ $plan->{messages} }) {
    my ($coding, $esm_class, @parts) = parts($message->{text});
    my (@ids, $status);
    for my $part (@parts) {
        my $answer = $smpp->submit_sm(
            source_addr_ton => 1, source_addr_npi => 1, source_addr => $plan->{source},
            dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $message->{to},
            registered_delivery => 1, data_coding => $coding, esm_class => $esm_class,
            short_message => $part,
        ) or die 'no response to submit_sm';
        $status = 0 + $answer->status;
        push @ids, $answer->{message_id} unless $status;
    }
    say_event('answer', to => $message->{to}, status => $status, message_ids => \@ids);
    $waiting{$_} = 1 for grep { !$told{$_} } @ids;
}

while (%waiting || $replies > 0) {
    my $pdu = $smpp->read_pdu() or die 'the connection was lost';
    deliver($smpp, $pdu) if $pdu->{cmd} == 0x00000005;
    $smpp->enquire_link_resp(seq => $pdu->{seq}) if $pdu->{cmd} == 0x00000015;
}

my $parted = $smpp->unbind();
say_event('unbound', status => 0 + $parted->status);
