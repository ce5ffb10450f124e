using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Text;
using Larder.Registry.Tokens;

namespace Larder.Registry.Audit;

/// <summary>
/// What a list of records is about: <c>model</c> (all models), <c>model:iris</c> (with its versions and aliases), <c>model:iris:3</c>,
/// <c>model:iris:champion</c>, <c>schedule</c>, <c>schedule:{id}</c>, <c>token</c>, <c>token:{id}</c>, <c>webhook</c>, <c>webhook:{id}</c> or <c>settings</c>.
/// </summary>
public sealed class AuditSubject
{
    internal const string Settings = "settings";
    private const string Model = "model";
    private const string Schedule = "schedule";
    private const string Token = "token";
    private const string Webhook = "webhook";
    private const char Separator = ':';

    private readonly string _text;

    private AuditSubject(string text, ModelName? model = null, string? schedule = null, string? token = null, string? webhook = null) =>
        (_text, ModelName, ScheduleId, TokenId, WebhookId) = (text, model, schedule, token, webhook);

    /// <summary>What has the records in a partition of its own; null for all models, schedules, tokens or webhooks.</summary>
    internal string? Root => _text is Model or Schedule or Token or Webhook ? null : RootOf(_text);

    /// <summary>Whether it is less than all that has the same root.</summary>
    internal bool IsPart => Root is { } root && root.Length < _text.Length;

    internal ModelName? ModelName { get; }

    internal string? ScheduleId { get; }

    internal string? TokenId { get; }

    internal string? WebhookId { get; }

    /// <summary>Reads a subject.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static AuditSubject Parse(string text)
    {
        switch (text.Split(Separator))
        {
            case [Settings] or [Model] or [Schedule] or [Token] or [Webhook]:
                return new AuditSubject(text);
            case [Model, var name]:
                return new AuditSubject(text, ModelName.Parse(name));
            case [Model, var name, var part]:
                var model = ModelName.Parse(name);
                if (!ModelReference.IsDigits(part))
                    ModelName.ValidateAlias(part);
                return new AuditSubject(text, model);
            case [Schedule, var id] when JobId.IsValid(id):
                return new AuditSubject(text, schedule: id);
            case [Token, var id] when CallerToken.IsId(id):
                return new AuditSubject(text, token: id);
            case [Webhook, var id] when Webhooks.Webhook.IsId(id):
                return new AuditSubject(text, webhook: id);
            default:
                throw new InvalidRequestException(
                    $"{Quoted.Text(text)} is no subject: use model, model:NAME, model:NAME:VERSION, model:NAME:ALIAS, schedule, schedule:ID, token, token:ID, webhook, webhook:ID or settings.");
        }
    }

    /// <summary>Whether a record's subject is this one or a part of it.</summary>
    internal bool Covers(string subject) =>
        subject.StartsWith(_text, StringComparison.Ordinal) && (subject.Length == _text.Length || subject[_text.Length] == Separator);

    internal static string OfModel(string name) => $"{Model}:{name}";

    internal static string OfVersion(string model, int version) => $"{Model}:{model}:{version}";

    internal static string OfAlias(string model, string alias) => $"{Model}:{model}:{alias}";

    internal static string OfSchedule(string id) => $"{Schedule}:{id}";

    internal static string OfToken(string id) => $"{Token}:{id}";

    internal static string OfWebhook(string id) => $"{Webhook}:{id}";

    /// <summary>A subject without its part: what counts revisions.</summary>
    internal static string RootOf(string subject)
    {
        var first = subject.IndexOf(Separator);
        var second = first < 0 ? -1 : subject.IndexOf(Separator, first + 1);
        return second < 0 ? subject : subject[..second];
    }
}
