using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Larder.Registry.Errors;
using Larder.Tracking.LoggedModels;

namespace Larder.Tracking.Runs;

/// <summary>
/// Ids of runs and experiments. An experiment's id is a number of at most 18 digits. A run's id is 32 hexadecimal digits, of which the first half is its
/// experiment's number: so a run is found by its id alone, in the partition of its experiment.
/// </summary>
internal static class RunId
{
    private const int Half = 16;
    private const long LeastExperiment = 100_000_000_000_000_000;

    /// <summary>A new experiment's id: 18 digits, as MLflow makes them.</summary>
    public static string NewExperiment()
    {
        var number = (long)(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) % (9 * LeastExperiment));
        return (LeastExperiment + number).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A new run's id.</summary>
    public static string New(string experimentId) => In(experimentId, RandomNumberGenerator.GetHexString(Half, lowercase: true));

    /// <summary>The id of a job's run: the same whenever it is asked for, so that a job has one run.</summary>
    public static string OfJob(string experimentId, string job) => In(experimentId, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(job)))[..Half]);

    /// <summary>The experiment of a run; false when no run can have the id.</summary>
    public static bool TryExperiment(string runId, [NotNullWhen(true)] out string? experimentId)
    {
        experimentId = runId.Length == 2 * Half && ulong.TryParse(runId.AsSpan(0, Half), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : null;
        return experimentId is not null;
    }

    private static string In(string experimentId, string half) => ulong.Parse(experimentId, CultureInfo.InvariantCulture).ToString("x16", CultureInfo.InvariantCulture) + half;
}

/// <summary>A run that is to be changed, or a logged model, and on whose behalf.</summary>
/// <param name="Id">The run, or the logged model.</param>
/// <param name="ByJob">Whether it is the run's job, or its script, that changes it: others may not change the run of a job, nor log to its models.</param>
public readonly record struct RunKey(string Id, bool ByJob = false)
{
    /// <summary>A run that a caller changes who is no job.</summary>
    public static implicit operator RunKey(string id) => new(id);

    /// <exception cref="ForbiddenException">The run is a job's, and not the job changes it.</exception>
    internal void RequireOwner(Run run)
    {
        if (run.Job is { } job && !ByJob)
            throw new ForbiddenException($"The run {Id} is that of the job {job}, and changes with it only. To delete the run, delete the job.");
    }

    /// <exception cref="ForbiddenException">The model is of a job's run, and not the job changes it.</exception>
    internal void RequireOwner(LoggedModel model)
    {
        if (model.Job is { } job && !ByJob)
            throw new ForbiddenException($"The logged model {Id} is that of the job {job}: only the job writes its files, params and status. To have another one, log a model of your own.");
    }
}
