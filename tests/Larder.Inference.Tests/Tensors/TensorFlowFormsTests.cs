using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

/// <summary>The forms of TensorFlow Serving's REST API under mutation: whatever comes is read or refused, in one piece and in many.</summary>
public sealed class TensorFlowFormsTests
{
    private static readonly string[] Pieces =
        ["[", "]", "{", "}", ",", ":", "\"", "\\ud800", "1e400", "null", "true", "tru", "{\"b64\":\"AA==\"}", "{\"b64\":\"A\"}", "\"x\":", "\"t\":", "\"a\":", "[[[", "0", "\0", "ÿ", " "];

    private static readonly ModelSignature Two = new([Input("x", Datatype.Fp32, -1, 2), Input("t", Datatype.Bytes, -1)], []) { OptionalInputs = [Input("w", Datatype.Int64, -1, -1)] };
    private static readonly ModelSignature Texts = new([Input("x", Datatype.Bytes, -1, 2)], []);

    // A context, and behind it the rows.
    private static readonly (ModelSignature Signature, string Form, string Context, string Values)[] Valid =
    [
        (Two, "instances", "", """[{"x":[1,2],"t":"a"},{"t":{"b64":"AP8="},"x":[3,4]}]"""),
        (Two, "inputs", "", """{"x":[[1,2],[3,4]],"t":["a",{"b64":"AP8="}],"w":[[1,2,3],[4,5,6]]}"""),
        (Two, "examples", """{"t":["a"],"w":[1,2]}""", """[{"x":[1,2]},{"x":[3,4],"t":"b","w":[5,6]}]"""),
        (Texts, "instances", "", """[["a","b"],[{"b64":"AP8="},"c"]]"""),
        (Texts, "instances", "", """[{"a":"1","b":"2"},{"b":{"b64":"AP8="},"a":["3"]}]"""),
        (Texts, "examples", """{"b":["2"]}""", """[{"a":"1"},{"a":[{"b64":"AP8="}],"b":"4"}]"""),
    ];

    [Fact]
    public void Mutated_bytes_are_read_or_refused_and_nothing_else()
    {
        var cases = from valid in Gen.Elements(Valid)
                    from seed in Gen.Choose(0, int.MaxValue)
                    select (valid, seed);
        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            var random = new Random(test.seed);
            var context = test.valid.Context.Length > 0 && random.Next(2) == 0 ? Mutate(test.valid.Context, random) : Encoding.UTF8.GetBytes(test.valid.Context);
            var values = Mutate(test.valid.Values, random);

            Assert.Equal(Outcome(test.valid.Signature, test.valid.Form, new(context), new(values)), Outcome(test.valid.Signature, test.valid.Form, Tensor.InPieces(context), Tensor.InPieces(values)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(6000));
    }

    [Fact]
    public void What_is_valid_is_read()
    {
        Assert.Equal(
            [
                "2 x [2,2] 0000803F000000400000404000008040; t [2] 6100FF;", "2 x [2,2] 0000803F000000400000404000008040; t [2] 6100FF; w [2,3] 010000000000000002000000000000000300000000000000040000000000000005000000000000000600000000000000;",
                "2 x [2,2] 0000803F000000400000404000008040; t [2] 6162; w [2,2] 0100000000000000020000000000000005000000000000000600000000000000;",
                "2 x [2,2] 616200FF63;", "2 x [2,2] 31323300FF;", "2 x [2,2] 313200FF34;",
            ],
            Valid.Select(test => Outcome(test.Signature, test.Form, new(Encoding.UTF8.GetBytes(test.Context)), new(Encoding.UTF8.GetBytes(test.Values)))));
    }

    // What it was read as, or the sentence, or that it is not JSON. Any other exception fails the test.
    private static string Outcome(ModelSignature signature, string form, ReadOnlySequence<byte> context, ReadOnlySequence<byte> values)
    {
        using var inputs = new PredictionInputs(signature, PredictionInputs.Names(signature), new InferenceLimits()).Rent();
        var features = FeatureColumns.Of([new Feature { Name = "a" }, new Feature { Name = "b" }], signature);
        try
        {
            var reader = new Utf8JsonReader(values);
            var shared = context.IsEmpty ? default : new Utf8JsonReader(context);
            JsonTokens.Read(ref reader);
            if (!context.IsEmpty)
                JsonTokens.Read(ref shared);
            if (form == "inputs")
                inputs.ReadColumns(ref reader);
            else if (form == "instances")
                inputs.ReadInstances(ref reader, features);
            else
                inputs.ReadExamples(ref reader, shared, features);
            var tensors = Enumerable.Range(0, signature.AllInputs.Count()).Select(i => inputs[i]).Where(tensor => tensor.HasValue).ToList();
            Assert.All(tensors.Where(tensor => !tensor.IsText), tensor => Assert.Equal(tensor.Shape.ToArray().Aggregate((long)tensor.Datatype.Size(), (product, length) => product * length), tensor.Data.Length));
            return $"{tensors[0].Shape[0]} {string.Join(' ', tensors.Select(tensor => $"{tensor.Signature.Name} [{string.Join(',', tensor.Shape.ToArray())}] {Convert.ToHexString(tensor.Data)};"))}";
        }
        catch (InvalidInputException error)
        {
            return error.Message;
        }
        catch (JsonException)
        {
            return "not JSON";
        }
    }

    private static ValueSignature Input(string name, Datatype datatype, params long[] shape) => new() { Name = name, Kind = ValueKind.Tensor, Datatype = datatype, Shape = shape };

    private static byte[] Mutate(string json, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(json).ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(4))
            {
                case 0: bytes = bytes[..at]; break;
                case 1: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)])); break;
                case 2 when at < bytes.Count: bytes.RemoveAt(at); break;
                case 3 when at < bytes.Count: bytes.InsertRange(at, bytes[at..Math.Min(bytes.Count, at + 8)]); break;
            }
        }

        return [.. bytes];
    }
}
