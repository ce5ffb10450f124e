using System.Diagnostics;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Sandbox;
using Larder.Inference.Validation.Tests.Scanning;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Sandbox;

/// <summary>What a model does to the process that tries it, and what the server notices of it: a sentence.</summary>
public sealed class ProcessTests : IAsyncLifetime
{
    private static readonly SessionSettings Session = new();
    // A busy machine may take longer than ten seconds for what ends a child.
    private static readonly ValidationLimits Limits = new() { SmallLoadSeconds = 60 };
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-sandbox-");
    private readonly List<SandboxSlot> _trials = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var trial in _trials)
            await trial.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_model_that_runs_forever_is_ended_and_the_next_one_is_tried()
    {
        var trial = Trial(new ValidationLimits { LoadSeconds = 1 });

        Assert.Equal("The model did not load and run within 1 seconds.", await Refusal(trial, OnnxModel.EndlessLoop()));

        await OtherProcess.Ends(Assert.IsType<int>(trial.ProcessId));
        Assert.NotNull((await Try(Trial(), OnnxModel.Linear())).Signature);
    }

    [Fact]
    public async Task A_model_that_takes_forever_to_load_is_ended()
    {
        // Each function calls the next one twice: 2^40 nodes when they are inlined.
        var model = Functions(40, calls: 2);

        Assert.Equal("The model did not load and run within 1 seconds.", await Refusal(Trial(new ValidationLimits { LoadSeconds = 1 }), model));
    }

    [Theory]
    [InlineData(100_000_000_000)]
    [InlineData(1L << 27)]
    public async Task A_model_that_takes_too_much_memory_is_refused(long elements)
    {
        var trial = Trial(new ValidationLimits { SandboxMemoryBytes = 256 << 20 });

        Assert.Equal("The model needs more than 256 MiB of memory to load and run.", await Refusal(trial, OnnxModel.HugeAllocation(elements)));
        Assert.NotNull((await Try(trial, OnnxModel.Linear())).Signature);
    }

    [Fact]
    public async Task A_model_whose_weights_are_too_large_is_refused()
    {
        var trial = Trial(Limits with { SandboxMemoryBytes = 32 << 20 });

        Assert.Equal("The model needs more than 32 MiB of memory to load and run.", await Refusal(trial, OnnxModel.MatMul(4096)));
    }

    [Fact]
    public async Task Where_the_child_cannot_limit_itself_the_server_watches_it()
    {
        var trial = Trial(Limits with { SandboxMemoryBytes = 64 << 20 }, childLimitsItself: false);

        // Grows with every round, for a gigabyte or until it is ended.
        Assert.Equal("The model needs more than 64 MiB of memory to load and run.", await Refusal(trial, Growing(rounds: 1_000)));
    }

    [Fact]
    public async Task A_model_that_crashes_ONNX_Runtime_is_refused_and_the_next_one_is_tried()
    {
        var trial = Trial();

        // Inlining follows the calls, and runs out of stack.
        var refusal = await Refusal(trial, Functions(20_000, calls: 1));

        Assert.StartsWith("ONNX Runtime could not load the model: the process that tried it ended with ", refusal, StringComparison.Ordinal);
        Assert.NotNull((await Try(trial, OnnxModel.Linear())).Signature);
    }

    [Fact]
    public async Task A_child_that_is_killed_while_it_waits_is_replaced()
    {
        var trial = Trial();
        await Try(trial, OnnxModel.Linear());
        var first = Assert.IsType<int>(trial.ProcessId);
        OtherProcess.Kill(first);
        await OtherProcess.Ends(first);

        Assert.NotNull((await Try(trial, OnnxModel.Linear())).Signature);
        Assert.NotEqual(first, trial.ProcessId);
    }

    [Fact]
    public async Task A_child_that_somebody_kills_at_its_work_gets_a_second_chance_but_no_third()
    {
        var trial = Trial();
        var trying = Refusal(trial, OnnxModel.EndlessLoop());
        var first = await OtherProcess.Starts(() => trial.ProcessId);
        OtherProcess.Kill(first);
        var second = await OtherProcess.Starts(() => trial.ProcessId is { } id && id != first ? id : null);
        OtherProcess.Kill(second);

        var sentence = await trying;

        Assert.Equal("ONNX Runtime could not load the model: the process that tried it ended with signal 9.", sentence);
        Assert.NotNull((await Try(trial, OnnxModel.Linear())).Signature);
    }

    [Fact]
    public async Task Cancelling_ends_the_child_at_once()
    {
        var trial = Trial();
        using var cancellation = new CancellationTokenSource();
        var trying = trial.TryAsync(Save(OnnxModel.EndlessLoop()), Session, folder: null, cancellation.Token);
        var child = await OtherProcess.Starts(() => trial.ProcessId);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trying);
        await OtherProcess.Ends(child);
        Assert.NotNull((await Try(trial, OnnxModel.Linear())).Signature);
    }

    [Fact]
    public async Task Disposing_ends_what_is_being_tried_and_what_waits()
    {
        var trial = Trial();
        var trying = trial.TryAsync(Save(OnnxModel.EndlessLoop()), Session, folder: null, CancellationToken.None);
        var waiting = trial.TryAsync(Save(OnnxModel.Linear()), Session, folder: null, CancellationToken.None);
        var child = await OtherProcess.Starts(() => trial.ProcessId);
        await trial.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trying);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await OtherProcess.Ends(child);
        _trials.Remove(trial);
    }

    [Fact]
    public async Task Twenty_validations_at_once_get_what_each_gets_alone()
    {
        await using var validator = new ModelValidator(new ValidationLimits());
        var paths = Enumerable.Range(1, 20).Select(features => Save(OnnxModel.Linear(features))).ToArray();

        var descriptions = await Task.WhenAll(paths.Select(path => validator.ValidateAsync(path, CancellationToken.None)));

        Assert.Equal(
            Enumerable.Range(1, 20).Select(features => $"FP32 [-1,{features}]"),
            descriptions.Select(description => description.Signature.Inputs[0].TypeName));
    }

    [Fact]
    public async Task The_child_knows_no_secrets()
    {
        if (!OperatingSystem.IsLinux())
            return;
        const string Secret = "LARDER_TEST_CONNECTION_STRING";
        Environment.SetEnvironmentVariable(Secret, "AccountKey=abc");
        var trial = Trial();
        await Try(trial, OnnxModel.Linear());

        var environment = await File.ReadAllTextAsync($"/proc/{trial.ProcessId}/environ");

        Assert.Contains("DOTNET_EnableDiagnostics=0", environment, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, environment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_child_of_a_host_that_is_killed_ends_even_while_a_model_runs()
    {
        // This assembly is also a program: a host that tries the model that it is given (HostProgram).
        var start = new ProcessStartInfo("dotnet", [typeof(ProcessTests).Assembly.Location, Save(OnnxModel.EndlessLoop())]) { RedirectStandardOutput = true };
        using var host = Process.Start(start)!;
        var child = int.Parse((await host.StandardOutput.ReadLineAsync())!);
        await OtherProcess.Works(child);

        host.Kill();

        await OtherProcess.Ends(child, orphaned: true);
    }

    [Theory]
    [InlineData("larder-sandbox.dll")]
    [InlineData("larder-sandbox.deps.json")]
    [InlineData("larder-sandbox.runtimeconfig.json")]
    public void Whoever_references_the_trial_has_it_beside_itself(string file) => Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, file)));

    private static byte[] Functions(int count, int calls)
    {
        var model = Scan.Model().Opset("f", 1).Node("F0", ["x"], ["z"], "f");
        for (var i = 0; i < count; i++)
        {
            var function = new OnnxFunction("f", $"F{i}", ["v0"], [$"v{calls}"]).Message(9, new Proto().Text(1, "f").Varint(2, 1));
            for (var call = 0; call < calls; call++)
                function.Node(i == count - 1 ? new OnnxNode("Identity", [$"v{call}"], [$"v{call + 1}"]) : new OnnxNode($"F{i + 1}", [$"v{call}"], [$"v{call + 1}"], "f"));
            model.Function(function);
        }

        return model.ToBytes();
    }

    // Each round of the loop puts another mebibyte behind what it has.
    private static byte[] Growing(long rounds)
    {
        var body = new OnnxGraph("body")
            .Input("i", Datatype.Int64).Input("on", Datatype.Bool).Input("before", Datatype.UInt8, -1)
            .Output("still_on", Datatype.Bool).Output("after", Datatype.UInt8, -1)
            .Initializer(OnnxTensor.Of("more", new byte[1 << 20], 1 << 20))
            .Node("Identity", ["on"], ["still_on"])
            .Node(new OnnxNode("Concat", ["before", "more"], ["after"]).Int("axis", 0));
        return new OnnxModel()
            .Input("x", Datatype.UInt8, 1).Output("y", Datatype.UInt8, -1)
            .Initializer(OnnxTensor.Of("rounds", [rounds])).Initializer(OnnxTensor.Of("yes", [true]))
            .Node(new OnnxNode("Loop", ["rounds", "yes", "x"], ["y"]).Graph("body", body))
            .ToBytes();
    }

    private SandboxSlot Trial(ValidationLimits? limits = null, bool childLimitsItself = true)
    {
        var trial = new SandboxSlot(limits ?? Limits, TimeProvider.System, childLimitsItself);
        _trials.Add(trial);
        return trial;
    }

    private string Save(byte[] model)
    {
        var path = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        File.WriteAllBytes(path, model);
        return path;
    }

    private Task<SandboxAnswer> Try(SandboxSlot trial, byte[] model) => trial.TryAsync(Save(model), Session, folder: null, CancellationToken.None);

    private async Task<string> Refusal(SandboxSlot trial, byte[] model) =>
        (await Assert.ThrowsAsync<InvalidModelException>(() => Try(trial, model))).Message;
}
