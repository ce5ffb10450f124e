using System.Runtime.InteropServices;
using System.Text.Json;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Sandbox;
using Larder.Inference.Validation.Scanning;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Validation.Tests.Sandbox;

/// <summary>
/// What operators of ONNX Runtime Extensions do with values at which <see cref="OnnxExtensions"/> is careful. When a newer version of the library no longer ends the process, a test fails, and the
/// operator can be looked at again.
/// </summary>
public sealed class ExtensionTests(SharedSandbox validation) : IClassFixture<SharedSandbox>, IAsyncLifetime
{
    private const string Vocabulary = "[UNK]\n[SEP]\n[PAD]\n[CLS]\n[MASK]\nab\nabc";

    private static readonly string[] Texts = ["[]", "[\"\"]", "[\"ab\",\"größe 日本 👍\"]", "[\"(\"]", "[\"a\\u0000b\"]", $"[\"{new string('(', 100_000)}\"]", "[\"a{1000}{1000}{1000}\"]"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-extensions-");
    private readonly SandboxSlot _trial = new(new ValidationLimits(), TimeProvider.System);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _trial.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_text_model_with_its_tokenizer_takes_strings()
    {
        var description = await validation.Accepts(OnnxModel.BertTokenizer());

        Assert.True(description.UsesExtensions);
        Assert.Equal("BYTES [1]", Assert.Single(description.Signature.Inputs).TypeName);
        Assert.False((await validation.Accepts(OnnxModel.Linear())).UsesExtensions);
    }

    [Fact]
    public async Task Such_a_model_is_compiled_and_its_rows_are_found_independent()
    {
        var model = Model("StringUpper", 1, n => n);
        var description = await validation.Accepts(model);

        var answer = await RunAsync(model, "[[\"a\",\"b\"]]", description.Signature);

        Assert.True(description.RowsAreIndependent);
        Assert.True(answer.IsSame, answer.Reason);
    }

    public static TheoryData<string, int> AllowedOperators => new()
    {
        { "StringUpper", 1 }, { "StringLower", 1 }, { "StringStrip", 1 }, { "StringLength", 1 }, { "StringConcat", 2 }, { "StringSplit", 2 }, { "StringRegexReplace", 3 }, { "StringMapping", 1 },
        { "BasicTokenizer", 1 }, { "BertTokenizer", 1 }, { "HfBertTokenizer", 1 }, { "GPT2Tokenizer", 1 }, { "SentencepieceTokenizer", 1 },
    };

    [Fact]
    public void Every_operator_of_the_list_is_tried() =>
        Assert.Equal(OnnxExtensions.Allowed.Order(StringComparer.Ordinal), AllowedOperators.Select(row => (string)row[0]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(AllowedOperators))]
    public async Task No_text_ends_the_process(string op, int texts)
    {
        var model = Model(op, texts, With(op));
        await validation.Accepts(model);
        var signature = (await _trial.TryAsync(Save(model), new SessionSettings(), folder: null, CancellationToken.None, extensions: true)).Signature!;

        foreach (var text in Texts)
        {
            foreach (var other in texts > 1 ? Texts : [""])
            {
                string[] values = [text, other, Texts[2]];
                var sample = $"{{{string.Join(',', values.Take(texts).Select((value, i) => $"\"x{i}\":{value}"))}}}";
                var answer = await RunAsync(model, $"[{sample}]", signature);
                Assert.True(answer.IsSame || answer.Reason.StartsWith("The original cannot be run on samples[0]: ", StringComparison.Ordinal), answer.Reason);
            }
        }
    }

    [Fact]
    public async Task Operators_that_end_the_process_are_not_allowed()
    {
        await EndsAsync(Contrib().Input("x0", Datatype.Bytes).Output("y", Datatype.Bool).Node("StringEqual", ["x0", "x0"], ["y"], OnnxExtensions.Domain), "\"a\"");
        await EndsAsync(Contrib().Input("x0", Datatype.Bytes, "n").Initializer(OnnxTensor.Of("buckets", [0L], 1)).Output("y", Datatype.Int64, "n")
            .Node("StringToHashBucketFast", ["x0", "buckets"], ["y"], OnnxExtensions.Domain), "[\"a\"]");
        await EndsAsync(Contrib().Input("x0", Datatype.Bytes, "n").Initializer(OnnxTensor.Of("p", ["(a|b)*c"], 1)).Initializer(OnnxTensor.Of("r", [""], 1)).Output("y", Datatype.Bytes, "n")
            .Node("StringECMARegexReplace", ["x0", "p", "r"], ["y"], OnnxExtensions.Domain), $"[\"{new string('a', 1_000_000)}\"]");
    }

    private static OnnxModel Contrib() => new OnnxModel().Opset(OnnxExtensions.Domain, 1);

    private static Func<OnnxNode, OnnxNode> With(string op) => op switch
    {
        "StringMapping" => node => node.String("map", "a\tb"),
        "BertTokenizer" or "HfBertTokenizer" => node => node.String("vocab_file", Vocabulary),
        "GPT2Tokenizer" => node => node.String("vocab", """{"a":0,"b":1,"<|endoftext|>":4}""").String("merges", "#version: 0.2\na b\n"),
        "SentencepieceTokenizer" => node => node.Attribute("model", 3, attribute => attribute.Bytes(4, Sentencepieces())),
        _ => node => node,
    };

    private static OnnxModel Model(string op, int texts, Func<OnnxNode, OnnxNode> with)
    {
        var model = Contrib();
        var inputs = Enumerable.Range(0, texts).Select(i => $"x{i}").ToList();
        foreach (var input in inputs)
            model.Input(input, Datatype.Bytes, "n");
        if (op is "StringSplit" or "SentencepieceTokenizer")
            model.Initializer(OnnxTensor.Of("yes", [true], 1));
        if (op == "SentencepieceTokenizer")
            model.Initializer(OnnxTensor.Of("nbest", [0L], 1)).Initializer(OnnxTensor.Of("alpha", [1f], 1));
        inputs.AddRange(op switch { "StringSplit" => ["yes"], "SentencepieceTokenizer" => ["nbest", "alpha", "yes", "yes", "yes"], _ => [] });
        OnnxType[] outputs = op switch
        {
            "StringLength" => [Any(Datatype.Int64)],
            "StringSplit" => [Any(Datatype.Int64), Any(Datatype.Bytes), Any(Datatype.Int64)],
            "BertTokenizer" or "HfBertTokenizer" => [Any(Datatype.Int64), Any(Datatype.Int64), Any(Datatype.Int64)],
            "GPT2Tokenizer" => [Any(Datatype.Int64), Any(Datatype.Int64)],
            "SentencepieceTokenizer" => [Any(Datatype.Int32), Any(Datatype.Int64)],
            "StringUpper" => [OnnxType.Tensor(Datatype.Bytes, "n")],
            _ => [Any(Datatype.Bytes)],
        };
        for (var i = 0; i < outputs.Length; i++)
            model.Output($"y{i}", outputs[i]);
        return model.Node(with(new OnnxNode(op, [.. inputs], [.. outputs.Select((_, i) => $"y{i}")], OnnxExtensions.Domain)));

        static OnnxType Any(Datatype datatype) => OnnxType.TensorOfAnyRank(datatype);
    }

    // A ModelProto of SentencePiece: unigram pieces with their scores and kinds.
    private static byte[] Sentencepieces()
    {
        var model = new Proto();
        foreach (var (piece, kind) in new[] { ("<unk>", 2), ("<s>", 3), ("</s>", 3), ("\u2581", 1), ("a", 1), ("b", 1), ("ab", 1) })
            model.Message(1, new Proto().Text(1, piece).Fixed32(2, -1).Varint(3, kind));
        return model.Message(2, new Proto().Varint(3, 1)).ToBytes();
    }

    private string Save(OnnxModel model) => model.Save(Path.Combine(_folder.FullName, Path.GetRandomFileName()));

    private async Task EndsAsync(OnnxModel model, string value)
    {
        Assert.Contains("of ONNX Runtime Extensions, only these are supported: BasicTokenizer, ", await validation.Refuses(model), StringComparison.Ordinal);
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        using var options = SessionBuilder.Options(new SessionSettings(), threads: 1, extensions: true);
        using var session = new InferenceSession(model.ToBytes(), options);
        var signature = SignatureReader.Read(session);
        var refusal = await Assert.ThrowsAsync<InvalidModelException>(() => RunAsync(model, $"[{value}]", signature));
        Assert.StartsWith("ONNX Runtime could not load the model: the process that tried it ended with signal ", refusal.Message, StringComparison.Ordinal);
    }

    // Compiling runs a model in the child on given values, without the scan that keeps such models away.
    private Task<ComparisonAnswer> RunAsync(OnnxModel model, string samples, ModelSignature signature)
    {
        var path = Save(model);
        using var json = JsonDocument.Parse(samples);
        return _trial.CompileAsync(
            path, new SessionSettings(), new CompilationRequest($"{path}.out", signature, [.. json.RootElement.EnumerateArray().Select(sample => sample.GetRawText())], 0, 0, Extensions: true), CancellationToken.None);
    }
}
