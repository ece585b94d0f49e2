{{- define "kguardian.name" -}}
{{- if contains "kguardian" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-kguardian" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Labels that select a part: they never change, so that an upgrade selects the same pods. */}}
{{- define "kguardian.selector" -}}
app.kubernetes.io/name: kguardian
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "kguardian.labels" -}}
{{ include "kguardian.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "kguardian.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "kguardian.tlsSecret" -}}
{{ .Values.tls.existingSecret | default (printf "%s-broker-tls" (include "kguardian.name" .)) }}
{{- end }}

{{/* The profile of a part: the runtime's, or the one that kguardian wrote for itself. */}}
{{- define "kguardian.seccomp" -}}
{{- if eq .root.Values.seccomp.type "Localhost" }}
type: Localhost
localhostProfile: {{ if .root.Values.seccomp.operator }}operator/{{ end }}kguardian-{{ .part }}.json
{{- else }}
type: RuntimeDefault
{{- end }}
{{- end }}

{{/* Where the API server is, and DNS: what both parts need to reach. */}}
{{- define "kguardian.egress" -}}
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.apiServerCIDRs }}
  to:
    {{- range . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  {{- end }}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
  to:
    - namespaceSelector: {}
    - ipBlock: {cidr: 169.254.0.0/16}
{{- end }}
