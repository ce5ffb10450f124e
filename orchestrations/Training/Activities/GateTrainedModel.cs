using System.Globalization;
using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Decides whether a job's alias moves to its new version, stores the decision with both metrics, and moves the alias.</summary>
public sealed class GateTrainedModel(JobSteps steps, JobStore jobs, ModelRegistry registry)
{
    /// <summary>Which version.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="Version">The version that it made.</param>
    public sealed record Input(string Job, int Version);

    /// <summary>Decides, and moves the alias of a job whose version is registered.</summary>
    /// <returns>What was decided, in a sentence.</returns>
    [Function(ActivityNames.GateTrainedModel)]
    public Task<string> Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.RunAsync(
        input.Job,
        "gate",
        0,
        job => GateAsync(job, input.Version, cancellationToken),
        detail: sentence => sentence,
        cancellationToken: cancellationToken);

    private async Task<string> GateAsync(Job job, int version, CancellationToken cancellationToken)
    {
        var options = JobOptions.Of<TrainOptions>(job);
        var alias = options.Alias!;
        var reason = "";
        if (options.Gate is { } asked)
        {
            // Decided once: after the alias has moved, the version would be compared with itself.
            var gate = job.Gate;
            if (gate is null)
            {
                gate = await DecideAsync(job, asked, cancellationToken);
                await jobs.UpdateAsync(job.Id, now => now with { Gate = gate }, cancellationToken);
            }

            reason = gate.Reason + " ";
            if (!gate.Passed)
                return $"{reason}The alias {alias} was left where it is.";
        }

        try
        {
            await registry.SetAliasAsync(ModelName.Parse(job.Model), alias, version, actor: JobActor.Of(job), cancellationToken: cancellationToken);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return $"{reason}The alias {alias} could not be moved: {e.Message}";
        }

        return $"{reason}The alias {alias} points at version {version}.";
    }

    private async Task<JobGate> DecideAsync(Job job, GateOptions gate, CancellationToken cancellationToken)
    {
        var (number, other) = await AgainstAsync(job, gate, cancellationToken);
        return Decide(gate, job.Metrics.TryGetValue(gate.Metric, out var value) ? value : null, number, other);
    }

    private async Task<(int? Version, double? Value)> AgainstAsync(Job job, GateOptions gate, CancellationToken cancellationToken)
    {
        if (gate.Against is null)
            return (null, null);
        try
        {
            var version = (await registry.ResolveAsync(ModelReference.Parse($"{job.Model}:{gate.Against}"), cancellationToken)).Version;
            return (version.Version, version.Metrics.TryGetValue(gate.Metric, out var value) ? value : null);
        }
        catch (NotFoundException)
        {
            return (null, null);
        }
    }

    /// <summary>The decision: as good as the threshold, and as good as the other version. Without a metric on either side it is what the gate says about that.</summary>
    internal static JobGate Decide(GateOptions gate, double? value, int? againstVersion, double? againstValue)
    {
        var isMax = gate.Direction == "max";
        var (passed, reason) = value switch
        {
            null => Missing($"The training reported no metric '{gate.Metric}'"),
            { } own when gate.Threshold is { } threshold && !IsAsGood(own, threshold) =>
                (false, $"{gate.Metric} is {Text(own)}, {(isMax ? "below" : "above")} the threshold {Text(threshold)}."),
            { } own when gate.Against is not null && againstVersion is null => Missing($"{gate.Metric} is {Text(own)}; there is no {gate.Against} to compare with"),
            { } own when gate.Against is not null && againstValue is null =>
                Missing($"{gate.Metric} is {Text(own)}; {gate.Against} (version {againstVersion}) has no such metric to compare with"),
            { } own when againstValue is { } other && !IsAsGood(own, other) =>
                (false, $"{gate.Metric} is {Text(own)}, worse than {Text(other)} of {gate.Against} (version {againstVersion})."),
            { } own => (true, $"{gate.Metric} is {Text(own)}{Comparison()}."),
        };
        return new JobGate(passed, gate.Metric, value, gate.Threshold, gate.Against, againstVersion, againstValue, reason);

        bool IsAsGood(double one, double than) => isMax ? one >= than : one <= than;

        (bool Passed, string Reason) Missing(string what) => gate.OnMissing == "pass" ? (true, $"{what}, which passes (on_missing).") : (false, $"{what}; \"on_missing\": \"pass\" would let it pass.");

        string Comparison() => againstValue is { } other
            ? $", against {Text(other)} of {gate.Against} (version {againstVersion})"
            : gate.Threshold is { } threshold ? $", against the threshold {Text(threshold)}" : "";
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
