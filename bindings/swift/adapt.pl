# Makes what bindgen writes fit this package.
use strict;
use warnings;

my ($module) = @ARGV;
local $/;
my $source = <STDIN>;

sub change {
    my ($what, $changed) = @_;
    $changed or die "error: the generated code has no $what any more: adapt.pl is to be mended\n";
}

# Errors are enums like others: their cases begin small.
change("error", $source =~ s{(\nenum \w+: Swift\.Error.*?\npublic func FfiConverterType\w+_lower)}{
    my $errors = $1;
    $errors =~ s/\b(case |case \.|case let \.|return \.)([A-Z])/$1\l$2/g;
    $errors
}gse);
# A panic's text stays where it is.
change("panic", $source =~ s{throw UniffiInternalError\.rustPanic\(try .*}{callStatus.errorBuf.deallocate()
                throw UniffiInternalError.rustPanic("the engine failed; please report it")});
# A library of another build is called nowhere.
change("beginning", $source =~ s/(private let initializationResult.*\n)/$1    requireTheSameBuild()\n/) if $module eq "selfsame_ffi";
# A span of 0.999 s is no fraction of two: whole milliseconds, which are all that the engine counts.
change("span", $source =~ s{let nanoseconds = UInt32\(\(value - Double\(seconds\)\) \* 1\.0e9\)}{let nanoseconds = UInt32(((value - Double(seconds)) * 1000).rounded()) * 1_000_000});
# It is a module of its own.
change("import", $source =~ s/\nimport Foundation\n/\nimport Foundation\nimport Selfsame\n/) if $module eq "selfsame_testing";
print $source;
