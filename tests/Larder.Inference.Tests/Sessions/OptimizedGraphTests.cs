using System.Globalization;
using System.Security.Cryptography;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Sessions;

public sealed class OptimizedGraphTests : IAsyncLifetime
{
    private const int Size = 512;

    // Folded, fused and repacked by the optimiser.
    private static readonly byte[] Large = Layers(count: 6);

    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Theory]
    [InlineData("all")]
    [InlineData("extended")]
    [InlineData("basic")]
    public async Task The_second_load_takes_the_graph_and_gives_the_same_bits(string optimization)
    {
        var model = Add(Large, optimization);
        var first = await AnswerAsync(model);
        File.Delete(Path.Combine(_kitchen.Directory, model.Sha256));

        var second = await AnswerAsync(model);

        Assert.Equal(first, second);
        Assert.Equal(1, _kitchen.Fetches);
        Assert.Single(Graphs());
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("altered")]
    [InlineData("empty")]
    [InlineData("gone")]
    public async Task A_damaged_graph_is_made_again(string damage)
    {
        var model = Add(Large);
        var first = await AnswerAsync(model);
        var graph = Graphs().Single();
        var bytes = await File.ReadAllBytesAsync(graph);
        switch (damage)
        {
            case "truncated":
                await File.WriteAllBytesAsync(graph, bytes[..^1000]);
                break;
            case "altered":
                // In the weights: ONNX Runtime would load it.
                await File.WriteAllBytesAsync(graph, [.. bytes[..(bytes.Length / 2)], (byte)(bytes[bytes.Length / 2] ^ 0x40), .. bytes[(bytes.Length / 2 + 1)..]]);
                break;
            case "empty":
                await File.WriteAllBytesAsync(graph, []);
                break;
            default:
                File.Delete(graph);
                break;
        }

        var second = await AnswerAsync(model);

        Assert.Equal(first, second);
        Assert.Equal(bytes.Length, new FileInfo(Graphs().Single()).Length);
    }

    [Fact]
    public async Task A_graph_that_ONNX_Runtime_refuses_is_made_again()
    {
        var model = Add(Large);
        var first = await AnswerAsync(model);
        var graph = Graphs().Single();
        byte[] nothing = [.. "no graph"u8];
        File.Delete(graph);
        var refused = Path.Combine(Path.GetDirectoryName(graph)!, Convert.ToHexStringLower(SHA256.HashData(nothing)));
        await File.WriteAllBytesAsync(refused, nothing);

        var second = await AnswerAsync(model);
        Assert.Empty(Graphs());
        var third = await AnswerAsync(model);

        Assert.Equal(first, second);
        Assert.Equal(first, third);
        Assert.Equal([graph], Graphs());
    }

    [Fact]
    public async Task Graphs_of_other_options_are_apart()
    {
        await AnswerAsync(Add(Large));
        await AnswerAsync(Add(Large, "basic"));

        Assert.Equal(2, Graphs().Count);
    }

    [Fact]
    public async Task What_gains_nothing_is_not_kept()
    {
        await AnswerAsync(Add(OnnxModel.MatMul(64)), 64);
        await AnswerAsync(Add(Large, "none"));

        Assert.Empty(Graphs());
    }

    [Fact]
    public async Task A_graph_for_which_there_is_no_room_is_not_kept()
    {
        await using var kitchen = new Kitchen(new InferenceLimits { ArtifactCacheBytes = Large.Length + 1000 });
        var model = kitchen.Add(Large);

        using (var lease = await kitchen.Sessions.LeaseAsync(model, CancellationToken.None))
            await Kitchen.PredictAsync(lease.Model, Row(Size));

        Assert.Equal([Path.Combine(kitchen.Directory, model.Sha256)], Directory.GetFileSystemEntries(kitchen.Directory));
        Assert.Equal(Large.Length, kitchen.Files.Bytes);
    }

    [Fact]
    public async Task Graphs_count_as_files_and_are_evicted()
    {
        var model = Add(Large);
        await AnswerAsync(model);
        var graph = new FileInfo(Graphs().Single()).Length;

        Assert.Equal(Large.Length + graph, _kitchen.OpenFiles().Bytes);

        var small = new InferenceLimits { ArtifactCacheBytes = 1 << 20 };
        var cache = new ArtifactFileCache(_kitchen.Directory, (_, _, _) => Task.CompletedTask, small, TimeProvider.System);
        var added = Path.Combine(_kitchen.Directory, "added.part");
        await File.WriteAllBytesAsync(added, new byte[100]);
        cache.Add(added, Convert.ToHexStringLower(SHA256.HashData(new byte[100])));
        Assert.Equal(100, cache.Bytes);
        Assert.Empty(Graphs());
    }

    private static byte[] Layers(int count)
    {
        var random = new Random(1);
        var model = new OnnxModel().Input("x", Datatype.Fp32, "batch", Size).Output("y", Datatype.Fp32, "batch", Size);
        for (var i = 0; i < count; i++)
        {
            model
                .Initializer(OnnxTensor.Of($"w{i}", [.. Enumerable.Range(0, Size * Size).Select(_ => random.NextSingle() / 16 - 1 / 32f)], Size, Size))
                .Initializer(OnnxTensor.Of($"b{i}", [.. Enumerable.Range(0, Size).Select(_ => random.NextSingle())], Size))
                .Node("MatMul", [i == 0 ? "x" : $"r{i - 1}", $"w{i}"], [$"m{i}"])
                .Node("Add", [$"m{i}", $"b{i}"], [$"a{i}"])
                .Node("Relu", [$"a{i}"], [i == count - 1 ? "y" : $"r{i}"]);
        }

        return model.ToBytes();
    }

    private static string Row(int size) => $"[[{string.Join(',', Enumerable.Range(0, size).Select(i => (i % 17 / 16f).ToString(CultureInfo.InvariantCulture)))}]]";

    private ServableModel Add(byte[] onnx, string optimization = "all") =>
        _kitchen.Add(onnx, new ModelSettings { Session = new SessionSettings { Optimization = optimization } });

    // As another process would: with caches of its own over the same folder.
    private async Task<string[]> AnswerAsync(ServableModel model, int size = Size)
    {
        await using var sessions = new SessionCache(_kitchen.OpenFiles(), _kitchen.Limits, _kitchen.Metrics, _kitchen.Time);
        using var lease = await sessions.LeaseAsync(model, CancellationToken.None);
        return await Kitchen.PredictAsync(lease.Model, Row(size));
    }

    private List<string> Graphs() => [.. Directory.GetDirectories(_kitchen.Directory).SelectMany(Directory.GetFiles).Where(file => Path.GetFileName(file).Length == 64)];
}
