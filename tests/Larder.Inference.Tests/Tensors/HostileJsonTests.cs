using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

public sealed class HostileJsonTests
{
    private static readonly string[] Pieces = ["[", "]", "{", "}", ",", ":", "\"", "\\u", "\\ud800", "1e400", "-", "0", "null", "true", "NaN", "[[[[[[", "\"x\":", "\0", "ÿ", "9999999999999999999999", "1.5", " "];

    [Fact]
    public void Mutated_bytes_are_read_or_refused_and_nothing_else()
    {
        var cases = from datatype in Gen.Elements(Enum.GetValues<Datatype>())
                    from shape in Gen.Elements<long[]>([], [-1], [3], [-1, 2], [1, -1], [-1, -1, 2])
                    from seed in Gen.Choose(0, int.MaxValue)
                    select (datatype, shape, seed);
        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            var random = new Random(test.seed);
            var valid = RandomTensor.Of(test.datatype, [.. test.shape.Select(dim => dim < 0 ? random.Next(4) : (int)dim)], random);
            var json = Mutate(Encoding.UTF8.GetBytes(valid.Json), random);
            var whole = Outcome(new(json), test.datatype, test.shape);
            var inPieces = Outcome(Tensor.InPieces(json), test.datatype, test.shape);

            // JSON errors name byte positions within a segment, so only their kind is compared.
            Assert.Equal(whole, inPieces);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(6000));
    }

    // What it was read as, or the sentence, or that it is not JSON. Any other exception fails the test.
    private static string Outcome(System.Buffers.ReadOnlySequence<byte> json, Datatype datatype, long[] shape)
    {
        var buffer = new TensorBuffer(Tensor.Signature(datatype, shape), 1 << 16);
        var reader = new Utf8JsonReader(json);
        try
        {
            ReadFirst(ref reader);
            new NestedReader(buffer).Read(ref reader);
            return $"[{string.Join(',', buffer.Shape.ToArray())}] {Convert.ToHexString(buffer.Data)}";
        }
        catch (InvalidInputException error)
        {
            Assert.StartsWith($"x expects {buffer.Signature.TypeName}; got ", error.Message);
            return error.Message;
        }
        catch (JsonException)
        {
            return "not JSON";
        }
    }

    // Not part of what is tested, but of what Utf8JsonReader may throw.
    private static void ReadFirst(ref Utf8JsonReader reader)
    {
        try
        {
            reader.Read();
        }
        catch (IndexOutOfRangeException failure)
        {
            throw JsonTokens.EndsInLiteral(failure);
        }
    }

    private static byte[] Mutate(byte[] json, Random random)
    {
        var bytes = json.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0: bytes = bytes[..at]; break;
                case 1: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)])); break;
                case 2 when at < bytes.Count: bytes.RemoveAt(at); break;
                case 3 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                case 4 when at < bytes.Count: bytes.InsertRange(at, bytes[at..Math.Min(bytes.Count, at + 5)]); break;
            }
        }

        return [.. bytes];
    }
}
