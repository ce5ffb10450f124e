using FsCheck;
using FsCheck.Fluent;

namespace Larder.Inference.Validation.Tests;

public sealed class FuzzTests
{
    [Fact]
    public void Whatever_becomes_of_a_model_the_scan_ends_in_a_description_or_a_sentence()
    {
        var accepted = 0;
        for (var seed = 0; seed < 20_000; seed++)
        {
            var mutant = Mutations.Mutant(seed);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Scan.Accepts(mutant);
                accepted++;
            }
            catch (InvalidModelException refusal)
            {
                Assert.True(IsSentence(refusal.Message), $"Seed {seed}: {refusal.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}: {e}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 1 << 20, $"Seed {seed}: {allocated} bytes allocated for a file of {mutant.Length}.");
        }

        // Otherwise the mutations are too gentle, or too coarse to get past the first field.
        Assert.InRange(accepted, 500, 19_500);
    }

    [Fact]
    public void Arbitrary_bytes_end_in_a_sentence() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2_000),
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => IsSentence(Scan.Refuses(bytes))));

    private static bool IsSentence(string message) =>
        message.Length is > 10 and < 700 && message.EndsWith('.') && !message.Any(char.IsControl) && char.IsUpper(message[0]);
}
