using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>What can be done with jobs.</summary>
public enum JobWay
{
    /// <summary>See that it is there, and how far it is.</summary>
    See,

    /// <summary>Have it made.</summary>
    Submit,

    /// <summary>Have it made by the clock.</summary>
    Schedule,

    /// <summary>Run it again.</summary>
    Retry,

    /// <summary>End it early.</summary>
    Cancel,

    /// <summary>Delete it, with its log and its outputs.</summary>
    Delete,

    /// <summary>Use what it was given: its script, its data set.</summary>
    ReadInputs,

    /// <summary>Read its log, and what it left.</summary>
    ReadOutputs,
}

/// <summary>The least role that a caller needs for what can be done with jobs of a type.</summary>
public sealed record JobRoles(Role See, Role Submit, Role Schedule, Role Retry, Role Cancel, Role Delete, Role ReadInputs, Role ReadOutputs)
{
    /// <summary>Contributors make them, readers look at them.</summary>
    public static JobRoles Contributors { get; } = new(
        See: Role.Reader, Submit: Role.Contributor, Schedule: Role.Contributor, Retry: Role.Contributor, Cancel: Role.Contributor, Delete: Role.Contributor,
        ReadInputs: Role.Contributor, ReadOutputs: Role.Reader);

    /// <summary>They are for administrators, whatever is done with them: they are about all models, and their outputs have them all.</summary>
    public static JobRoles Administrators { get; } = new(Role.Admin, Role.Admin, Role.Admin, Role.Admin, Role.Admin, Role.Admin, Role.Admin, Role.Admin);

    /// <summary>The role for one of these.</summary>
    public Role Of(JobWay way) => way switch
    {
        JobWay.See => See,
        JobWay.Submit => Submit,
        JobWay.Schedule => Schedule,
        JobWay.Retry => Retry,
        JobWay.Cancel => Cancel,
        JobWay.Delete => Delete,
        JobWay.ReadInputs => ReadInputs,
        JobWay.ReadOutputs => ReadOutputs,
        _ => Role.Admin,
    };
}

/// <summary>
/// The one check of who may do what with jobs: by the type's roles, and by the model that the job is about. Whatever makes a job or opens one passes it, whichever
/// route, schedule or retry it comes from.
/// </summary>
/// <param name="jobs">The jobs.</param>
/// <param name="types">What jobs there are.</param>
/// <param name="scopes">Which models are whose.</param>
public sealed class JobAccess(JobStore jobs, IEnumerable<IJobType> types, ModelScopes scopes)
{
    private readonly Dictionary<string, JobRoles> _roles = types.ToDictionary(type => type.Name, type => type.Roles, StringComparer.Ordinal);

    /// <summary>Opens a job for a caller.</summary>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="id">Which.</param>
    /// <param name="way">What for.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such job.</exception>
    /// <exception cref="ForbiddenException">It is not for this caller: its role, or its scope.</exception>
    public async Task<Job> OpenAsync(Caller caller, string id, JobWay way, CancellationToken cancellationToken)
    {
        var job = await jobs.GetAsync(id, cancellationToken);
        await RequireAsync(caller, way, job.Type, job.Model, cancellationToken);
        return job;
    }

    /// <summary>Refuses what a caller may not do with a job of a type that is about a model.</summary>
    /// <exception cref="ForbiddenException">The caller may not: the sentence names the role or the scope.</exception>
    public async Task RequireAsync(Caller caller, JobWay way, string type, string model, CancellationToken cancellationToken)
    {
        var role = RoleOf(type, way);
        if (caller.Role < role)
            throw new ForbiddenException($"{Doing(way)} a job of the type {type} needs the role {RoleNames.Of(role)}.");
        await scopes.RequireAsync(caller, model, cancellationToken);
    }

    /// <summary>Which jobs, or what else is of a job's type and model, lists show to a caller.</summary>
    public async Task<Func<string, string, bool>> ShownAsync(Caller caller, CancellationToken cancellationToken)
    {
        var isInScope = await scopes.NamesAsync(caller, cancellationToken);
        return (type, model) => caller.Role >= RoleOf(type, JobWay.See) && isInScope(model);
    }

    // A type that this release does not know, a newer one may have made.
    private Role RoleOf(string type, JobWay way) => _roles.TryGetValue(type, out var roles) ? roles.Of(way) : Role.Admin;

    private static string Doing(JobWay way) => way switch
    {
        JobWay.Submit => "Submitting",
        JobWay.Schedule => "Scheduling",
        JobWay.Retry => "Retrying",
        JobWay.Cancel => "Cancelling",
        JobWay.Delete => "Deleting",
        JobWay.ReadInputs => "Using the inputs of",
        JobWay.ReadOutputs => "Reading the log or outputs of",
        _ => "Seeing",
    };
}
