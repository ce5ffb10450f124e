using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Datasets;

/// <summary>Accepts jobs of a type that read a data set for a version of a model: checks the request, stores its file, and submits the job. Nothing is stored before everything is checked.</summary>
/// <typeparam name="TOptions">The options of such jobs.</typeparam>
public abstract class DatasetJobSubmitter<TOptions>
    where TOptions : class
{
    /// <summary>Makes one.</summary>
    /// <param name="schema">With which options are read.</param>
    /// <param name="jobs">Makes the jobs.</param>
    /// <param name="artifacts">Where data sets that come with a request go.</param>
    /// <param name="finder">Finds those that are named.</param>
    /// <param name="limits">How large they may be.</param>
    private protected DatasetJobSubmitter(OptionSchema<TOptions> schema, JobSubmitter jobs, IArtifactStore artifacts, DatasetFinder finder, ScoringLimits limits) =>
        (Schema, Jobs, Artifacts, Finder, Limits) = (schema, jobs, artifacts, finder, limits);

    /// <summary>With which options are read.</summary>
    public OptionSchema<TOptions> Schema { get; }

    private protected JobSubmitter Jobs { get; }

    private protected IArtifactStore Artifacts { get; }

    private protected DatasetFinder Finder { get; }

    private protected ScoringLimits Limits { get; }

    /// <summary>Accepts a data set that came with the request.</summary>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="fileName">What the client calls the file.</param>
    /// <param name="file">Its bytes on local disk.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="key">The caller's idempotency key.</param>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; with an idempotency key, perhaps one that exists already.</returns>
    /// <exception cref="InvalidRequestException">The options do not go with the model or the file.</exception>
    /// <exception cref="NotFoundException">There is no such model or version, or no data set that is named.</exception>
    /// <exception cref="ConflictException">The key was used for another request.</exception>
    public async Task<Job> SubmitAsync(string reference, string fileName, StagedFile file, TOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        var request = await RequestAsync(caller, reference, fileName, options, cancellationToken);
        await Artifacts.PutAsync(file.Path, file.Sha256, cancellationToken);
        var input = new JobInput(FoundDataset.InputName, fileName, file.Sha256, file.SizeBytes);
        return await Jobs.SubmitAsync(request with { Inputs = [.. request.Inputs, input], Key = key, By = caller, Owner = caller.Name }, cancellationToken);
    }

    /// <summary>Accepts a data set that is somewhere else: <c>uploads/{path}</c>, <c>datasets/{model}/{file_name}</c> or a URL.</summary>
    /// <inheritdoc cref="SubmitAsync(string, string, StagedFile, TOptions, string?, Caller, CancellationToken)"/>
    public async Task<Job> SubmitAsync(string reference, string dataset, TOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        var fileName = Finder.FileNameOf(dataset);
        await Finder.RequireInScopeAsync(caller, dataset, cancellationToken);
        var request = await RequestAsync(caller, reference, fileName, options, cancellationToken);
        var found = await Finder.FindAsync(caller, dataset, Limits.DatasetBytes, cancellationToken);
        return await Jobs.SubmitAsync(found.GivenTo(request) with { Key = key, By = caller, Owner = caller.Name }, cancellationToken);
    }

    /// <summary>What a job asks for, but for its data set.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="fileName">What the data set is called.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal abstract Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, TOptions options, CancellationToken cancellationToken);
}
