using System.Text;
using Larder.Inference.Caching;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Tests.Batching;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Caching;

public sealed class ResponseCacheTests : IAsyncLifetime
{
    private static readonly ModelSettings Cached = new() { Cache = new() { Enabled = true, Seconds = 60 } };
    private static readonly TimeSpan AnyAge = TimeSpan.MaxValue;

    private readonly FakeTimeProvider _time = new();
    private readonly Kitchen _kitchen;

    public ResponseCacheTests() => _kitchen = new Kitchen(new InferenceLimits { ResponseCacheBytes = 256 << 10 }, _time);

    private ResponseCache Cache => _kitchen.Sessions.Responses;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _kitchen.DisposeAsync();
        Assert.Equal((0, 0L, 0L), (Cache.Count, Cache.Bytes, _kitchen.Sessions.Memory.Work.Used));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task The_outputs_of_an_earlier_run_are_written_as_those_of_the_run_were(string _, byte[] onnx, string values)
    {
        using var lease = await _kitchen.LeaseAsync(onnx, Cached);

        Assert.Null(Find(lease.Model, values));
        var ran = await RunAsync(lease.Model, values);

        Assert.Equal(ran, Find(lease.Model, values));
        Assert.Equal(await Kitchen.PredictAsync(lease.Model, values), ran);
    }

    public static TheoryData<string, byte[], string> Models => new()
    {
        { "tensors of numbers", OnnxModel.Linear(), "[[1, 2, 3, 4], [4, 3, 2, 1]]" },
        { "no rows", OnnxModel.Identity(Datatype.Fp32, -1, 2), "[]" },
        { "a scalar", OnnxModel.Identity(Datatype.Fp64), "0.1" },
        { "half floats", OnnxModel.Identity(Datatype.Fp16, -1), "[0.5, 65504]" },
        { "truths", OnnxModel.Identity(Datatype.Bool, -1), "[true, false]" },
        { "strings", OnnxModel.Identity(Datatype.Bytes, -1), """["größe", "", "x"]""" },
        { "a list of maps", OnnxModel.ZipMap(), "[[1, 2, 3, 4], [4, 3, 2, 1]]" },
        { "strings, numbers and a list of maps", GatedModel.Onnx, GatedModel.Values(3, "größe", 2) },
        { "a list of tensors", Split, "[1, 2, 3]" },
    };

    // One tensor for each element.
    private static byte[] Split => new OnnxModel()
        .Input("x", Datatype.Fp32, 3)
        .Output("y", OnnxType.Sequence(OnnxType.Tensor(Datatype.Fp32, 1)))
        .Node(new OnnxNode("SplitToSequence", ["x"], ["y"]).Int("axis", 0))
        .ToBytes();

    [Fact]
    public async Task An_empty_list_is_run_again_each_time()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.ZipMap(), Cached);

        Assert.Equal("[]", (await RunAsync(lease.Model, "[]", isKept: false))[1]);
        Assert.Null(Find(lease.Model, "[]"));
    }

    [Fact]
    public async Task A_request_that_ran_together_with_others_keeps_its_own_rows_only()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, Cached, rowsAreIndependent: true);
        using var stop = new CancellationTokenSource();
        var blockers = Enumerable.Range(0, lease.Model.Queue.Slots).Select(_ => Task.Factory.StartNew(
            () => Kitchen.PredictAsync(lease.Model, GatedModel.Values(GatedModel.Closed, "", 0), stop.Token), TaskCreationOptions.LongRunning).Unwrap()).ToList();
        await Eventually.IsTrue(() => lease.Model.Queue.Running == lease.Model.Queue.Slots);

        var runs = Enumerable.Range(0, 8).Select(i => RunAsync(lease.Model, GatedModel.Values(i, $"größe {i}", i))).ToList();
        Assert.Equal(8, lease.Model.Queue.Waiting);
        await stop.CancelAsync();
        foreach (var blocker in blockers)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocker);
        await Task.WhenAll(runs);

        for (var i = 0; i < 8; i++)
            Assert.Equal(GatedModel.Expected(i, $"größe {i}", i), Find(lease.Model, GatedModel.Values(i, $"größe {i}", i)));
    }

    [Fact]
    public async Task Inputs_that_differ_in_anything_have_keys_of_their_own()
    {
        using var texts = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Bytes, -1, -1), Cached);
        using var numbers = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1, -1), Cached);
        using var optional = await _kitchen.LeaseAsync(GatedModel.WithFactor, Cached);
        string[] strings = ["""[["ab", "c"]]""", """[["a", "bc"]]""", """[["ab"], ["c"]]""", """[["ab", ""]]""", """[["abc", ""]]""", """[["", ""]]""", """[[""]]""", "[]"];
        string[] floats = ["[[0, 1]]", "[[-0.0, 1]]", "[[0], [1]]", "[[0, 1], [0, 1]]", "[[1, 0]]", "[]", "[[], []]", "[[]]", $"[[{string.Join(',', Enumerable.Range(0, 400))}]]", $"[[{string.Join(',', Enumerable.Range(0, 399).Append(0))}]]"];
        var gated = GatedModel.Values(1, "t", 1);
        string[] factors = [gated, With("1"), With("0")];

        Assert.Equal(strings.Length, strings.Select(values => KeyOf(texts.Model, values)).Distinct().Count());
        Assert.Equal(floats.Length, floats.Select(values => KeyOf(numbers.Model, values)).Distinct().Count());
        Assert.Equal(factors.Length, factors.Select(values => KeyOf(optional.Model, values)).Distinct().Count());

        string With(string factor) => $"{gated[..^1]},\"factor\":{factor}}}";
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(254)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300_000)]
    public async Task The_same_inputs_have_the_same_key_whatever_they_were_written_as(int elements)
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1), Cached);
        var floats = Enumerable.Range(0, elements).Select(i => i % 7 * 0.5f).ToArray();
        using var inputs = lease.Model.RentInputs();
        floats.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([elements])));

        Assert.Equal(ResponseKey.Of(inputs), KeyOf(lease.Model, $"[{string.Join(" , ", floats.Select(value => $"{value:0.00}"))}]"));
    }

    [Fact]
    public async Task The_least_recently_used_go_when_the_bytes_are_used_up()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1), Cached);
        await RunAsync(lease.Model, Row(0));
        var each = Cache.Bytes;
        Assert.InRange(each, 4000, 6000);
        var most = (int)((256 << 10) / each);
        for (var i = 1; i < most; i++)
            await RunAsync(lease.Model, Row(i));
        Assert.NotNull(Find(lease.Model, Row(0)));

        await RunAsync(lease.Model, Row(most));

        Assert.Equal((most, most * each), (Cache.Count, Cache.Bytes));
        Assert.Null(Find(lease.Model, Row(1)));
        Assert.NotNull(Find(lease.Model, Row(0)));
        Assert.NotNull(Find(lease.Model, Row(most)));
    }

    [Fact]
    public async Task A_response_that_would_push_out_many_is_not_kept()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1), Cached);
        await RunAsync(lease.Model, Row(0));

        await RunAsync(lease.Model, $"[{string.Join(',', Enumerable.Range(0, 9000))}]", isKept: false);

        Assert.Equal(1, Cache.Count);
        Assert.NotNull(Find(lease.Model, Row(0)));
    }

    [Fact]
    public async Task Strings_count_with_their_lengths()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Bytes, -1), Cached);

        await RunAsync(lease.Model, $"[\"{new string('x', 5000)}\", \"y\"]");
        Assert.InRange(Cache.Bytes, 5001, 7000);
        await RunAsync(lease.Model, $"[\"{new string('x', 50_000)}\"]", isKept: false);
    }

    [Fact]
    public async Task A_response_is_used_as_long_as_the_setting_says_and_no_longer()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), Cached);
        await RunAsync(lease.Model, Row(0, 4));

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(Find(lease.Model, Row(0, 4)));
        Assert.Null(Find(lease.Model, Row(0, 4), TimeSpan.FromSeconds(58)));
        Assert.NotNull(Find(lease.Model, Row(0, 4), TimeSpan.FromSeconds(59)));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(Find(lease.Model, Row(0, 4)));
        Assert.Equal(0, Cache.Count);
    }

    [Fact]
    public async Task A_newer_response_takes_the_place_of_an_older_one()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), Cached);
        await RunAsync(lease.Model, Row(0, 4));
        var bytes = Cache.Bytes;
        _time.Advance(TimeSpan.FromSeconds(40));

        await RunAsync(lease.Model, Row(0, 4));

        Assert.Equal((1, bytes), (Cache.Count, Cache.Bytes));
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.NotNull(Find(lease.Model, Row(0, 4)));
    }

    [Fact]
    public async Task What_nobody_asks_for_again_goes_after_its_time()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), Cached);
        await RunAsync(lease.Model, Row(0, 4));
        _time.Advance(TimeSpan.FromSeconds(30));
        await RunAsync(lease.Model, Row(1, 4));

        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(1, Cache.Count);
        _time.Advance(TimeSpan.FromSeconds(40));

        Assert.Equal((0, 0L), (Cache.Count, Cache.Bytes));
        await RunAsync(lease.Model, Row(2, 4));
        _time.Advance(TimeSpan.FromSeconds(80));
        Assert.Equal(0, Cache.Count);
    }

    [Fact]
    public async Task Versions_and_settings_share_nothing_and_the_responses_go_with_the_session()
    {
        var model = _kitchen.Add(OnnxModel.Linear(), Cached);
        var others = new[] { _kitchen.Add(OnnxModel.Linear(), Cached, version: "2"), _kitchen.Add(OnnxModel.Linear(), Cached, name: "other"), _kitchen.Add(OnnxModel.Linear(), Cached with { Missing = "nan" }) };
        using (var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None))
        {
            await RunAsync(lease.Model, Row(0, 4));
            foreach (var other in others)
            {
                using var another = await _kitchen.Sessions.LeaseAsync(other, CancellationToken.None);
                Assert.Null(Find(another.Model, Row(0, 4)));
            }

            _kitchen.Sessions.Unload("model", "1");
            // The lease goes on, and so may what uses it.
            Assert.NotNull(Find(lease.Model, Row(0, 4)));
        }

        Assert.Equal((0, 0L), (Cache.Count, Cache.Bytes));
        using var again = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);
        Assert.Null(Find(again.Model, Row(0, 4)));
    }

    [Fact]
    public async Task Outputs_that_are_being_sent_outlive_their_entry_and_count_as_in_flight_until_they_are_sent()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), Cached);
        var ran = await RunAsync(lease.Model, Row(0, 4));
        var bytes = Cache.Bytes;
        var work = _kitchen.Sessions.Memory.Work;
        var found = lease.Model.Responses!.Find(KeyOf(lease.Model, Row(0, 4)), AnyAge, out _)!;
        Assert.Equal(0, work.Used);

        _time.Advance(TimeSpan.FromSeconds(100));

        Assert.Equal((0, 0L, bytes), (Cache.Count, Cache.Bytes, work.Used));
        Assert.Equal(ran, Written(found));
        found.Dispose();
        Assert.Equal(0, work.Used);
    }

    [Fact]
    public async Task Nothing_is_kept_where_it_is_off_or_cannot_be()
    {
        Assert.Null(await ResponsesAsync(_kitchen.Add(OnnxModel.Linear())));
        Assert.Null(await ResponsesAsync(_kitchen.Add(OnnxModel.Linear(), new ModelSettings { Cache = new() { Seconds = 1 } })));
        var random = _kitchen.Add(OnnxModel.Linear(), Cached, name: "random");
        Assert.Null(await ResponsesAsync(random with { Description = random.Description with { HasRandomOperators = true } }));
        await using var none = new Kitchen(new InferenceLimits { ResponseCacheBytes = 0 });
        using var lease = await none.LeaseAsync(OnnxModel.Linear(), Cached);
        Assert.Null(lease.Model.Responses);

        async Task<ModelResponses?> ResponsesAsync(ServableModel model)
        {
            using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);
            return lease.Model.Responses;
        }
    }

    [Fact]
    public void A_model_whose_outputs_differ_or_cannot_be_kept_cannot_have_the_setting()
    {
        var model = Kitchen.Describe(OnnxModel.Linear()).Description;
        Cached.RequireFits(model);
        new ModelSettings().RequireFits(model with { HasRandomOperators = true });
        var lists = new ValueSignature { Name = "y", Kind = ValueKind.Sequence, Element = new ValueSignature { Name = "", Kind = ValueKind.Sequence, Element = model.Signature.Outputs[0] } };

        Assert.Contains("draw random numbers", Refused(model with { HasRandomOperators = true }));
        Assert.Contains("the output y is a ", Refused(model with { Signature = model.Signature with { Outputs = [.. model.Signature.Outputs, lists] } }));

        static string Refused(ModelDescription description) => Assert.Throws<InvalidSettingsException>(() => Cached.RequireFits(description)).Message;
    }

    [Fact]
    public async Task Many_threads_find_what_they_asked_for_while_entries_come_and_go()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1), Cached);
        var hits = 0;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 500; i++)
            {
                var row = random.Next(80);
                var found = Find(lease.Model, Row(row));
                if (found is not null)
                    Interlocked.Increment(ref hits);
                found ??= await RunAsync(lease.Model, Row(row), isKept: null);
                Assert.Equal(row, System.Text.Json.JsonSerializer.Deserialize<float[]>(found[0])![0]);
                Assert.InRange(Cache.Bytes, 0, 256 << 10);
            }
        })));

        Assert.InRange(hits, 250, 1999);
    }

    [Fact]
    public async Task Hits_and_misses_are_counted()
    {
        using var metered = new Metered(_kitchen.Metrics);
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), Cached);

        Find(lease.Model, Row(0, 4));
        await RunAsync(lease.Model, Row(0, 4));
        Find(lease.Model, Row(0, 4));
        Find(lease.Model, Row(0, 4));
        metered.Observe();

        Assert.Equal([1], metered["larder.inference.cache_misses"]);
        Assert.Equal([1, 1], metered["larder.inference.cache_hits"]);
        Assert.Equal(["model=model,version=1"], metered.Tags("larder.inference.cache_hits"));
        Assert.Equal([1], metered["larder.inference.cached_responses"]);
        Assert.Equal([Cache.Bytes], metered["larder.inference.cached_bytes"]);
    }

    private static string Row(int first, int length = 1000) => $"[{(length == 4 ? "[" : "")}{first}{string.Concat(Enumerable.Repeat(",0", length - 1))}{(length == 4 ? "]" : "")}]";

    private static ResponseKey KeyOf(LoadedModel model, string values)
    {
        using var inputs = model.RentInputs();
        Kitchen.Read(inputs, Encoding.UTF8.GetBytes(values));
        return ResponseKey.Of(inputs);
    }

    private static string[]? Find(LoadedModel model, string values, TimeSpan? most = null)
    {
        using var outputs = model.Responses!.Find(KeyOf(model, values), most ?? AnyAge, out _);
        return outputs is null ? null : Written(outputs);
    }

    private static async Task<string[]> RunAsync(LoadedModel model, string values, bool? isKept = true)
    {
        using var inputs = model.RentInputs();
        Kitchen.Read(inputs, Encoding.UTF8.GetBytes(values));
        using var outputs = await model.RunAsync(inputs, CancellationToken.None);
        var kept = model.Responses!.TryAdd(ResponseKey.Of(inputs), outputs);
        Assert.Equal(isKept ?? kept, kept);
        return Written(outputs);
    }

    private static string[] Written(PredictionOutputs outputs) => [.. Enumerable.Range(0, outputs.Count).Select(i => Kitchen.Write(outputs, i))];
}
